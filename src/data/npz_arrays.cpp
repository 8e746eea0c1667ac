// SPDX-License-Identifier: Apache-2.0
// numpy's .npz: a zip file of .npy files, stored or deflated.
#include <archive.h>
#include <archive_entry.h>

#include "zoetrope/support/error.hpp"
#include "zoetrope/support/files.hpp"
#include "zoetrope/support/interruption.hpp"

#include "step_readers.hpp"

namespace zoetrope::data {
namespace fs = std::filesystem;

namespace {

// Deflate makes a byte of no more than so many.
constexpr std::uint64_t kMostInflation = 1032;
constexpr std::string_view kNpyEnding = ".npy";

// The files in a zip file, one after the other, as its directory at the end lists them.
class ZipReader {
 public:
  explicit ZipReader(const support::MappedFile& file)
      : file_(file), archive_(archive_read_new(), archive_read_free) {
    archive_read_support_format_zip_seekable(archive_.get());
    check(archive_read_open_memory(archive_.get(), file.bytes().data(), file.bytes().size()));
  }

  bool next() {
    support::stop_point();
    const int result = archive_read_next_header(archive_.get(), &entry_);
    if (result == ARCHIVE_EOF) return false;
    check(result);
    return true;
  }

  // Of the array; "" of what is no .npy file.
  std::string name() const {
    const char* name = archive_entry_pathname_utf8(entry_);
    const std::string text = name == nullptr ? "" : name;
    const bool is_array = archive_entry_filetype(entry_) == AE_IFREG && text.ends_with(kNpyEnding);
    return is_array ? text.substr(0, text.size() - kNpyEnding.size()) : "";
  }

  std::uint64_t size() const {
    const auto size = archive_entry_size(entry_);
    if (archive_entry_size_is_set(entry_) == 0 || size < 0 ||
        static_cast<std::uint64_t>(size) / kMostInflation > file_.bytes().size())
      fail(name() + " claims more bytes than can be in the file");
    return static_cast<std::uint64_t>(size);
  }

  void read(std::span<std::byte> into) const {
    while (!into.empty()) {
      const auto count = archive_read_data(archive_.get(), into.data(), into.size());
      if (count <= 0) fail(name() + ": " + (count == 0 ? "is cut" : reason()));
      into = into.subspan(static_cast<std::size_t>(count));
    }
  }

  // Compares the checksum, too.
  void require_end() const {
    std::byte more;
    if (archive_read_data(archive_.get(), &more, 1) != 0) fail(name() + ": " + reason());
  }

 private:
  std::string reason() const {
    const char* text = archive_error_string(archive_.get());
    return text == nullptr ? "cannot be read" : text;
  }
  [[noreturn]] void fail(const std::string& what) const {
    throw InputError(file_.path().string() + ": is damaged, cut, or no .npz file: " + what);
  }
  void check(int result) const {
    if (result != ARCHIVE_OK && result != ARCHIVE_WARN) fail(reason());
  }

  const support::MappedFile& file_;
  std::unique_ptr<archive, int (*)(archive*)> archive_;
  archive_entry* entry_ = nullptr;
};

class NpzArrays final : public StepArrays {
 public:
  NpzArrays(const fs::path& path, const std::string& word) : file_(path), word_(word) {
    for (ZipReader zip(file_); zip.next();)
      if (const auto step = step_in_name(zip.name(), word)) {
        const std::string place = path.string() + ": " + zip.name();
        const NpyHeader header = header_of(zip, place);
        add(*step, array_info(place, header.type, header.shape));
      }
  }

  std::vector<float> read(std::int64_t step) const override {
    const ArrayInfo& array = steps().at(step);
    ZipReader zip(file_);
    while (zip.next())
      if (step_in_name(zip.name(), word_) == step) break;
    const NpyHeader header = header_of(zip, array.place);
    std::vector<float> values = read_rows(array, header, bytes_of(zip));
    zip.require_end();
    return values;
  }

 private:
  static NextBytes bytes_of(const ZipReader& zip) {
    return [&zip](std::span<std::byte> into) { zip.read(into); };
  }
  static NpyHeader header_of(const ZipReader& zip, const std::string& place) {
    return read_npy_header(bytes_of(zip), zip.size(), place);
  }

  support::MappedFile file_;
  std::string word_;
};

}  // namespace

std::unique_ptr<StepArrays> open_npz_file(const fs::path& file, const std::string& word) {
  return std::make_unique<NpzArrays>(file, word);
}

}  // namespace zoetrope::data
