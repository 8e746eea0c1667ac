// SPDX-License-Identifier: Apache-2.0
#include "zip_reader.hpp"

#include <archive.h>
#include <archive_entry.h>
#include <locale.h>

#include "zoetrope/support/error.hpp"
#include "zoetrope/support/interruption.hpp"

namespace zoetrope::data {
namespace {

// Deflate makes a byte of no more than so many.
constexpr std::uint64_t kMostInflation = 1032;

// libarchive takes names for what the locale has, and has none for a name that the locale cannot spell, as
// that of most jobs, C.
class Utf8Locale {
 public:
  Utf8Locale() : locale_(newlocale(LC_CTYPE_MASK, "C.UTF-8", locale_t{})) {
    if (locale_ != locale_t{}) before_ = uselocale(locale_);
  }
  ~Utf8Locale() {
    if (locale_ == locale_t{}) return;
    uselocale(before_);
    freelocale(locale_);
  }
  Utf8Locale(const Utf8Locale&) = delete;
  Utf8Locale& operator=(const Utf8Locale&) = delete;

 private:
  locale_t locale_, before_{};
};

}  // namespace

ZipReader::ZipReader(const support::MappedFile& file, const char* kind)
    : file_(file), kind_(kind), archive_(archive_read_new(), archive_read_free) {
  const Utf8Locale locale;  // to which an option's charset is converted
  archive_read_support_format_zip_seekable(archive_.get());
  archive_read_set_format_option(archive_.get(), "zip", "hdrcharset", "CP437");
  check(archive_read_open_memory(archive_.get(), file.bytes().data(), file.bytes().size()));
}

bool ZipReader::next() {
  support::stop_point();
  const Utf8Locale locale;
  const int result = archive_read_next_header(archive_.get(), &entry_);
  if (result == ARCHIVE_EOF) return false;
  check(result);
  return true;
}

std::string ZipReader::name() const {
  if (archive_entry_filetype(entry_) != AE_IFREG) return "";
  const Utf8Locale locale;
  const char* name = archive_entry_pathname_utf8(entry_);
  if (name == nullptr) fail("the name of a file in it cannot be read as text");
  return name;
}

std::uint64_t ZipReader::size() const {
  const auto size = archive_entry_size(entry_);
  if (archive_entry_size_is_set(entry_) == 0 || size < 0 ||
      static_cast<std::uint64_t>(size) / kMostInflation > file_.bytes().size())
    fail(name() + " claims more bytes than can be in the file");
  return static_cast<std::uint64_t>(size);
}

void ZipReader::read(std::span<std::byte> into) const {
  while (!into.empty()) {
    const auto count = archive_read_data(archive_.get(), into.data(), into.size());
    if (count <= 0) fail(name() + ": " + (count == 0 ? "is cut" : reason()));
    into = into.subspan(static_cast<std::size_t>(count));
  }
}

void ZipReader::require_end() const {
  std::byte more;
  if (archive_read_data(archive_.get(), &more, 1) != 0) fail(name() + ": " + reason());
}

std::string ZipReader::reason() const {
  const char* text = archive_error_string(archive_.get());
  return text == nullptr ? "cannot be read" : text;
}

void ZipReader::fail(const std::string& what) const {
  throw InputError(file_.path().string() + ": is damaged, cut, or no " + kind_ + ": " + what);
}

void ZipReader::check(int result) const {
  if (result != ARCHIVE_OK && result != ARCHIVE_WARN) fail(reason());
}

}  // namespace zoetrope::data
