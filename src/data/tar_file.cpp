// SPDX-License-Identifier: Apache-2.0
#include "tar_file.hpp"

#include <algorithm>
#include <array>
#include <memory>

#include <archive.h>
#include <archive_entry.h>

#include "zoetrope/support/error.hpp"
#include "zoetrope/support/interruption.hpp"
#include "zoetrope/support/log.hpp"

#include "glob.hpp"

namespace zoetrope::data {
namespace fs = std::filesystem;

namespace {

constexpr std::size_t kBlock = 512;

// Images do not become smaller by it. What does is no data set, or made to fill the memory.
constexpr std::size_t kMostTimesTarsSize = 100;
constexpr std::size_t kLeastUnpackedTar = std::size_t{16} << 20;

// A tar file, or what is packed, read from memory by libarchive.
class TarArchive {
 public:
  TarArchive(std::string_view bytes, const fs::path& path)
      : bytes_(bytes), path_(path), archive_(archive_read_new(), archive_read_free) {}

  archive* get() const { return archive_.get(); }
  void open() const { check(archive_read_open_memory(get(), bytes_.data(), bytes_.size())); }

  // Whether there is a further entry, which entry() then is.
  bool next() {
    const int result = archive_read_next_header(get(), &entry_);
    if (result == ARCHIVE_EOF) return false;
    check(result);
    return true;
  }
  archive_entry* entry() const { return entry_; }

  void check(int result) const {
    if (result == ARCHIVE_OK || result == ARCHIVE_WARN) return;
    const char* reason = archive_error_string(get());
    fail(std::string("is damaged, cut, or no tar file: ") + (reason ? reason : "unreadable"));
  }

  // At the place to which the archive is read.
  [[noreturn]] void fail(const std::string& reason) const {
    const auto byte = std::max<la_int64_t>(0, archive_filter_bytes(get(), -1));
    throw InputError(path_.string() + ": byte " + std::to_string(byte) + ": " + reason);
  }

 private:
  std::string_view bytes_;
  const fs::path& path_;
  std::unique_ptr<archive, int (*)(archive*)> archive_;
  archive_entry* entry_ = nullptr;
};

bool is_packed_tar(std::string_view bytes) {
  static constexpr std::array<std::string_view, 5> kMagics{"\x1f\x8b", "BZh",
                                                           "\xfd"
                                                           "7zXZ",
                                                           "\x28\xb5\x2f\xfd", "\x04\x22\x4d\x18"};
  return std::ranges::any_of(kMagics, [&](std::string_view magic) { return bytes.starts_with(magic); });
}

std::string unpack_tar(std::string_view packed, const fs::path& path) {
  TarArchive archive(packed, path);
  archive_read_support_format_raw(archive.get());
  archive_read_support_filter_gzip(archive.get());
  archive_read_support_filter_bzip2(archive.get());
  archive_read_support_filter_xz(archive.get());
  archive_read_support_filter_zstd(archive.get());
  archive_read_support_filter_lz4(archive.get());
  archive.open();
  const std::size_t most = std::max(kLeastUnpackedTar, packed.size() * kMostTimesTarsSize);
  std::string unpacked;
  if (!archive.next()) return unpacked;
  std::array<char, std::size_t{1} << 16> piece;
  for (;;) {
    support::stop_point();
    const la_ssize_t size = archive_read_data(archive.get(), piece.data(), piece.size());
    if (size < 0) archive.check(ARCHIVE_FATAL);
    if (size <= 0) return unpacked;
    if (unpacked.size() + static_cast<std::size_t>(size) > most)
      archive.fail("unpacks to more than " + std::to_string(kMostTimesTarsSize) +
                   " times its size; unpack it beforehand, where that is as it should be");
    unpacked.append(piece.data(), static_cast<std::size_t>(size));
  }
}

std::string name_in(const TarArchive& archive) {
  const char* name = archive_entry_pathname_utf8(archive.entry());
  if (name == nullptr) name = archive_entry_pathname(archive.entry());
  if (name == nullptr) archive.fail("the name of the file there cannot be read");
  return name;
}

bool is_hidden(const std::string& name) {
  const std::string_view file = file_name(name);
  return file.starts_with('.') || file.starts_with("__");
}

bool is_tar_file(const TarArchive& archive) {
  return archive_entry_filetype(archive.entry()) == AE_IFREG &&
         archive_entry_hardlink(archive.entry()) == nullptr;
}

TarEntry locate(const TarArchive& archive, std::string_view bytes) {
  TarEntry found{name_in(archive), 0, 0};
  const auto size = archive_entry_size(archive.entry());
  if (size == 0) return found;
  const void* block = nullptr;
  std::size_t length = 0;
  la_int64_t at = 0;
  archive.check(archive_read_data_block(archive.get(), &block, &length, &at));
  const auto* data = static_cast<const char*>(block);
  const bool is_inside = data >= bytes.data() && data + length <= bytes.data() + bytes.size();
  if (size < 0 || !is_inside || at != 0 || length != static_cast<std::size_t>(size))
    archive.fail(found.name +
                 " lies there in pieces or is cut; write or copy the tar file again, without holes");
  found.offset = static_cast<std::size_t>(data - bytes.data());
  found.size = length;
  return found;
}

// Where the zeros are missing, what was cut between two entries cannot be told from the whole; libarchive
// tells other cuts.
void look_at_end(std::string_view bytes, const fs::path& path) {
  const std::string_view end = bytes.substr(bytes.size() - std::min(bytes.size(), kBlock));
  if (end.size() == kBlock && end.find_first_not_of('\0') == std::string_view::npos) return;
  support::warn_once(path.string() +
                     ": lacks the zeros that end a tar file: if it was cut, images are missing");
}

std::vector<TarEntry> list_entries(std::string_view bytes, const fs::path& path) {
  TarArchive archive(bytes, path);
  archive_read_support_format_tar(archive.get());
  archive.open();
  std::vector<TarEntry> entries;
  while (archive.next()) {
    support::stop_point();
    if (is_tar_file(archive) && !is_hidden(name_in(archive))) entries.push_back(locate(archive, bytes));
  }
  return entries;
}

}  // namespace

TarFile::TarFile(const fs::path& path) : file_(path), is_packed_(is_packed_tar(packed())) {
  if (is_packed_) unpacked_ = unpack_tar(packed(), path);
  entries_ = list_entries(bytes(), path);
  look_at_end(bytes(), path);
}

std::string_view TarFile::packed() const {
  return {reinterpret_cast<const char*>(file_.bytes().data()), file_.bytes().size()};
}

}  // namespace zoetrope::data
