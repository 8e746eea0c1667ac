// SPDX-License-Identifier: Apache-2.0
#include "tiff_file.hpp"

#include <algorithm>
#include <array>
#include <cstdarg>
#include <cstdio>
#include <cstring>

namespace zoetrope::image {

// libtiff asks for a file's functions, and hands its errors to one function for all files.
struct TiffFile::Procedures {
  static TiffFile& self(thandle_t file) { return *static_cast<TiffFile*>(file); }

  static tmsize_t read(thandle_t file, void* out, tmsize_t count) {
    auto& [bytes, at, reason, palette_lost, tiff] = self(file);
    if (at > bytes.size()) return 0;
    const std::size_t taken = std::min(static_cast<std::size_t>(count), bytes.size() - at);
    std::memcpy(out, bytes.data() + at, taken);
    at += taken;
    return static_cast<tmsize_t>(taken);
  }
  static tmsize_t write(thandle_t, void*, tmsize_t) { return 0; }
  static toff_t seek(thandle_t file, toff_t to, int whence) {
    auto& [bytes, at, reason, palette_lost, tiff] = self(file);
    at = to + (whence == SEEK_CUR ? at : whence == SEEK_END ? bytes.size() : 0);
    return at;
  }
  static int close(thandle_t) { return 0; }
  static toff_t size(thandle_t file) { return self(file).bytes_.size(); }
  static int map(thandle_t file, void** base, toff_t* size) {
    const Bytes bytes = self(file).bytes_;
    *base = const_cast<std::uint8_t*>(bytes.data());  // libtiff changes copies only
    *size = bytes.size();
    return 1;
  }
  static void unmap(thandle_t, void*, toff_t) {}

  __attribute__((format(printf, 3, 0))) static void keep_reason(thandle_t file, const char*,
                                                                const char* format, va_list values) {
    if (file == nullptr || !self(file).reason_.empty()) return;
    std::array<char, 200> text{};
    std::vsnprintf(text.data(), text.size(), format, values);
    self(file).reason_ = text.data();
  }

  // A palette that cannot be read is a warning, after which libtiff takes its indices for greys.
  __attribute__((format(printf, 3, 0))) static void keep_warning(thandle_t file, const char* module,
                                                                 const char* format, va_list values) {
    std::array<char, 200> text{};
    std::vsnprintf(text.data(), text.size(), format, values);
    static_cast<void>(module);
    if (file != nullptr && std::strstr(text.data(), "ColorMap") != nullptr) self(file).palette_lost_ = true;
  }
};

TiffFile::TiffFile(Bytes bytes) : bytes_(bytes) {
  static const bool quiet = [] {
    TIFFSetErrorHandler(nullptr);
    TIFFSetWarningHandler(nullptr);
    TIFFSetErrorHandlerExt(Procedures::keep_reason);
    TIFFSetWarningHandlerExt(Procedures::keep_warning);
    return true;
  }();
  static_cast<void>(quiet);
  tiff_ = TIFFClientOpen("image", "r", this, Procedures::read, Procedures::write, Procedures::seek,
                         Procedures::close, Procedures::size, Procedures::map, Procedures::unmap);
  if (tiff_ != nullptr && !palette_lost_) return;
  if (tiff_ == nullptr) fail();
  TIFFClose(tiff_);
  throw DecodeError{"its palette is damaged"};
}

TiffFile::~TiffFile() {
  TIFFClose(tiff_);
}

std::uint16_t TiffFile::tag(std::uint32_t name, std::uint16_t unset) const {
  std::uint16_t value = unset;
  return TIFFGetFieldDefaulted(tiff_, name, &value) != 0 ? value : unset;
}

std::uint32_t TiffFile::wide_tag(std::uint32_t name, std::uint32_t unset) const {
  std::uint32_t value = unset;
  return TIFFGetField(tiff_, name, &value) != 0 ? value : unset;
}

void TiffFile::fail() const {
  throw DecodeError{reason_.empty() ? "libtiff cannot read it" : reason_};
}

namespace {

[[noreturn]] void refuse_layout(const TiffLayout& layout) {
  throw DecodeError{"samples of " + std::to_string(layout.bits) + " bits (format " +
                    std::to_string(layout.format) + ", photometric " + std::to_string(layout.photometric) +
                    ") are not supported; convert it to PNG"};
}

bool is_grey(const TiffLayout& layout) {
  return layout.photometric == PHOTOMETRIC_MINISBLACK || layout.photometric == PHOTOMETRIC_MINISWHITE;
}

// Those of Pillow's TiffImagePlugin.
void check_samples(const TiffLayout& layout, bool big_endian) {
  const int bits = layout.bits;
  bool good = false;
  switch (layout.format) {
    case SAMPLEFORMAT_UINT:
      good = bits == 8 || (bits == 16 && layout.photometric != PHOTOMETRIC_PALETTE) ||
             (layout.colours == 1 && (bits == 1 || bits == 2 || bits == 4)) ||
             (is_grey(layout) && (bits == 12 || bits == 32));
      break;
    case SAMPLEFORMAT_INT:
      good = is_grey(layout) && (bits == 8 || bits == 16 || bits == 32);
      break;
    case SAMPLEFORMAT_IEEEFP:
      good = is_grey(layout) && bits == 32;
      break;
    default:
      break;
  }
  // Pillow reads these of one byte order, and as if black were zero.
  if (layout.photometric == PHOTOMETRIC_MINISWHITE && bits > 8 && layout.format == SAMPLEFORMAT_UINT)
    good = bits == 16 && !big_endian;
  if (!good) refuse_layout(layout);
}

}  // namespace

TiffLayout::TiffLayout(const TiffFile& file)
    : width(file.wide_tag(TIFFTAG_IMAGEWIDTH, 0)),
      height(file.wide_tag(TIFFTAG_IMAGELENGTH, 0)),
      bits(file.tag(TIFFTAG_BITSPERSAMPLE, 1)),
      samples(file.tag(TIFFTAG_SAMPLESPERPIXEL, 1)),
      format(file.tag(TIFFTAG_SAMPLEFORMAT, SAMPLEFORMAT_UINT)),
      photometric(file.tag(TIFFTAG_PHOTOMETRIC, PHOTOMETRIC_MINISWHITE)),
      compression(file.tag(TIFFTAG_COMPRESSION, COMPRESSION_NONE)),
      separate(file.tag(TIFFTAG_PLANARCONFIG, PLANARCONFIG_CONTIG) == PLANARCONFIG_SEPARATE) {
  constexpr std::uint16_t kMostSamples = 16;
  switch (photometric) {
    case PHOTOMETRIC_MINISWHITE:
    case PHOTOMETRIC_MINISBLACK:
    case PHOTOMETRIC_PALETTE:
      break;
    case PHOTOMETRIC_RGB:
    case PHOTOMETRIC_YCBCR:
      colours = 3;
      break;
    case PHOTOMETRIC_SEPARATED:
      colours = 4;
      break;
    default:
      refuse_layout(*this);
  }
  if (samples < colours || samples > kMostSamples)
    throw DecodeError{"it has " + std::to_string(samples) + " samples per pixel"};
  check_samples(*this, TIFFIsBigEndian(file.get()) != 0);
  std::uint16_t extra = 0;
  const std::uint16_t* kinds = nullptr;
  if (TIFFGetField(file.get(), TIFFTAG_EXTRASAMPLES, &extra, &kinds) != 0 && extra > 0)
    premultiplied = kinds[0] == EXTRASAMPLE_ASSOCALPHA && samples > colours && colours < 4 &&
                    photometric != PHOTOMETRIC_PALETTE && bits >= 8;
}

}  // namespace zoetrope::image
