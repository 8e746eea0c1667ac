// SPDX-License-Identifier: Apache-2.0
#include "zoetrope/store/event_file.hpp"

#include <bit>
#include <cmath>
#include <cstdio>
#include <string_view>

#include <boost/crc.hpp>

#include "zoetrope/support/error.hpp"
#include "zoetrope/support/files.hpp"
#include "zoetrope/support/listing.hpp"

namespace zoetrope::store {

namespace fs = std::filesystem;

namespace {

constexpr std::string_view kNameBegins = "events.out.tfevents.";  // so that TensorBoard takes it
constexpr std::string_view kNameEnds = ".zoetrope";

// Fields of protocol buffers, as far as events have them. `number` is the field's in the .proto.
class Message {
 public:
  Message& add(int number, std::uint64_t value) {
    add_varint(static_cast<std::uint64_t>(number) << 3);
    add_varint(value);
    return *this;
  }
  Message& add(int number, double value) {
    add_varint(static_cast<std::uint64_t>(number) << 3 | 1);
    add_little_endian(std::bit_cast<std::uint64_t>(value), 8);
    return *this;
  }
  Message& add(int number, float value) {
    add_varint(static_cast<std::uint64_t>(number) << 3 | 5);
    add_little_endian(std::bit_cast<std::uint32_t>(value), 4);
    return *this;
  }
  Message& add(int number, std::string_view bytes) {
    add_varint(static_cast<std::uint64_t>(number) << 3 | 2);
    add_varint(bytes.size());
    bytes_ += bytes;
    return *this;
  }
  void add_little_endian(std::uint64_t value, int size) {
    for (int i = 0; i < size; ++i) bytes_ += static_cast<char>(value >> 8 * i);
  }
  Message& operator+=(std::string_view bytes) {
    bytes_ += bytes;
    return *this;
  }
  const std::string& bytes() const { return bytes_; }

 private:
  void add_varint(std::uint64_t value) {
    for (; value >= 0x80; value >>= 7) bytes_ += static_cast<char>(value | 0x80);
    bytes_ += static_cast<char>(value);
  }

  std::string bytes_;
};

// CRC-32C, turned as TFRecord has it, so that data which hold such a sum are no special case.
std::uint32_t masked_crc(std::string_view bytes) {
  boost::crc_optimal<32, 0x1EDC6F41, 0xFFFFFFFF, 0xFFFFFFFF, true, true> crc;
  crc.process_bytes(bytes.data(), bytes.size());
  return std::rotr(crc.checksum(), 15) + 0xA282EAD8;
}

std::string to_record(std::string_view event) {
  Message record;
  record.add_little_endian(event.size(), 8);
  record.add_little_endian(masked_crc(record.bytes()), 4);
  record += event;
  record.add_little_endian(masked_crc(event), 4);
  return record.bytes();
}

Message event_at(std::int64_t step, EventFile::Time time) {
  Message event;
  event.add(1, std::chrono::duration<double>(time.time_since_epoch()).count());
  event.add(2, static_cast<std::uint64_t>(step));
  return event;
}

std::string name_of_now() {
  const auto now = std::chrono::duration_cast<std::chrono::microseconds>(
                       std::chrono::system_clock::now().time_since_epoch())
                       .count();
  char text[40];
  std::snprintf(text, sizeof text, "%010lld.%06lld", static_cast<long long>(now / 1'000'000),
                static_cast<long long>(now % 1'000'000));
  return std::string(kNameBegins).append(text).append(kNameEnds);
}

// Where a file of ours is to be made, in a folder that is there.
fs::path new_path(const fs::path& folder) {
  support::create_folders(folder);
  return folder / name_of_now();
}

void remove_others(const fs::path& folder, const fs::path& kept) {
  for (const std::string& name : support::names_in(folder))
    if (name.starts_with(kNameBegins) && name.ends_with(kNameEnds) && name != kept.filename())
      support::remove_file(folder / name);
}

// Big-endian, as PNG has its numbers.
std::uint64_t number_at(std::string_view png, std::size_t offset) {
  std::uint64_t number = 0;
  for (std::size_t i = offset; i < offset + 4; ++i) number = number << 8 | static_cast<unsigned char>(png[i]);
  return number;
}

}  // namespace

EventFile::EventFile(const fs::path& folder) : file_(new_path(folder)) {
  const Time now = std::chrono::system_clock::now();
  Message version;
  version.add(1, std::chrono::duration<double>(now.time_since_epoch()).count()).add(3, "brain.Event:2");
  // A session that starts at step 0: what was read of other files counts no more.
  const Message start = event_at(0, now).add(7, Message().add(1, std::uint64_t{1}).bytes());
  file_.write(to_record(version.bytes()) + to_record(start.bytes()));
  remove_others(folder, file_.path());
}

void EventFile::add_scalars(std::int64_t step, Time time, const Values& values) {
  Message summary;
  for (const auto& [tag, value] : values)
    if (std::isfinite(value)) summary.add(1, Message().add(1, tag).add(2, static_cast<float>(value)).bytes());
  if (!summary.bytes().empty()) file_.write(to_record(event_at(step, time).add(5, summary.bytes()).bytes()));
}

void EventFile::add_picture(std::int64_t step, Time time, const std::string& tag, std::string_view png) {
  constexpr std::size_t kWidthAt = 16, kHeightAt = 20;
  if (png.size() < kHeightAt + 4) throw RunError("a picture for " + file_.path().string() + " is no PNG");
  Message image;
  image.add(1, number_at(png, kHeightAt))
      .add(2, number_at(png, kWidthAt))
      .add(3, std::uint64_t{3})
      .add(4, png);
  const Message summary = Message().add(1, Message().add(1, tag).add(4, image.bytes()).bytes());
  file_.write(to_record(event_at(step, time).add(5, summary.bytes()).bytes()));
}

}  // namespace zoetrope::store
