// SPDX-License-Identifier: Apache-2.0
#include "tar_file.hpp"

#include <algorithm>
#include <array>
#include <memory>
#include <string_view>

#include <archive.h>
#include <archive_entry.h>

#include "zoetrope/support/error.hpp"
#include "zoetrope/support/interruption.hpp"

#include "glob.hpp"

namespace zoetrope::data {

namespace {

constexpr std::size_t kBlock = 512;

[[noreturn]] void fail(const support::MappedFile& file, std::int64_t byte, const std::string& reason) {
  throw InputError(file.path().string() + ": byte " + std::to_string(byte) + ": " + reason);
}

std::string_view text_of(const support::MappedFile& file) {
  return {reinterpret_cast<const char*>(file.bytes().data()), file.bytes().size()};
}

// An image is looked up in the middle of the file, which a compressed one does not allow.
void refuse_compressed(const support::MappedFile& file) {
  struct Packer {
    std::string_view magic;
    std::string_view way;
  };
  static constexpr std::array<Packer, 4> kPackers{{{"\x1f\x8b", "gunzip"},
                                                   {"BZh", "bunzip2"},
                                                   {"\xfd"
                                                    "7zXZ",
                                                    "unxz"},
                                                   {"\x28\xb5\x2f\xfd", "unzstd"}}};
  for (const Packer& packer : kPackers)
    if (text_of(file).starts_with(packer.magic))
      throw InputError(file.path().string() +
                       ": is a compressed tar file, in which no image can be looked up: " +
                       std::string(packer.way) + " it");
}

// Else a file that is cut between two entries would be a shorter one.
void require_end(const support::MappedFile& file) {
  const std::string_view text = text_of(file);
  const std::string_view end = text.substr(text.size() - std::min(text.size(), kBlock));
  if (end.size() < kBlock || end.find_first_not_of('\0') != std::string_view::npos)
    fail(file, static_cast<std::int64_t>(text.size()),
         "the tar file ends too early, without the zeros that end it; download or copy it again");
}

class TarReader {
 public:
  explicit TarReader(const support::MappedFile& file)
      : file_(file), archive_(archive_read_new(), archive_read_free) {
    archive_read_support_format_tar(archive_.get());
    check(archive_read_open_memory(archive_.get(), file.bytes().data(), file.bytes().size()));
  }

  // Whether there is a further entry, which entry() then is.
  bool next() {
    const int result = archive_read_next_header(archive_.get(), &entry_);
    if (result == ARCHIVE_EOF) return false;
    check(result);
    return true;
  }

  bool is_file() const {
    return archive_entry_filetype(entry_) == AE_IFREG && archive_entry_hardlink(entry_) == nullptr;
  }

  std::string name() const {
    const char* name = archive_entry_pathname_utf8(entry_);
    if (name == nullptr) name = archive_entry_pathname(entry_);
    if (name == nullptr) fail(file_, place(), "the name of the file there cannot be read");
    return name;
  }

  TarEntry entry() {
    TarEntry found{name(), 0, 0};
    const auto size = archive_entry_size(entry_);
    if (size == 0) return found;
    const void* block = nullptr;
    std::size_t bytes = 0;
    la_int64_t at = 0;
    check(archive_read_data_block(archive_.get(), &block, &bytes, &at));
    const auto* start = file_.bytes().data();
    const auto* data = static_cast<const std::byte*>(block);
    const bool is_mapped = data >= start && data + bytes <= start + file_.bytes().size();
    if (size < 0 || !is_mapped || at != 0 || bytes != static_cast<std::size_t>(size))
      fail(file_, place(),
           found.name + " lies there in pieces or is cut; write or copy the tar file again, without holes");
    found.offset = static_cast<std::size_t>(data - start);
    found.size = bytes;
    return found;
  }

 private:
  std::int64_t place() const { return std::max<la_int64_t>(0, archive_filter_bytes(archive_.get(), -1)); }

  void check(int result) const {
    if (result == ARCHIVE_OK || result == ARCHIVE_WARN) return;
    const char* reason = archive_error_string(archive_.get());
    fail(file_, place(), std::string("is damaged, cut, or no tar file: ") + (reason ? reason : "unreadable"));
  }

  const support::MappedFile& file_;
  std::unique_ptr<archive, int (*)(archive*)> archive_;
  archive_entry* entry_ = nullptr;
};

bool is_hidden(const std::string& name) {
  const std::string_view file = file_name(name);
  return file.starts_with('.') || file.starts_with("__");
}

}  // namespace

std::vector<TarEntry> list_tar(const support::MappedFile& file) {
  refuse_compressed(file);
  std::vector<TarEntry> entries;
  TarReader reader(file);
  while (reader.next()) {
    support::stop_point();
    if (reader.is_file() && !is_hidden(reader.name())) entries.push_back(reader.entry());
  }
  require_end(file);
  return entries;
}

}  // namespace zoetrope::data
