// SPDX-License-Identifier: Apache-2.0
// The first image of a TIFF file in memory, opened by libtiff, and how its samples lie.
#pragma once

#include <cstdint>
#include <string>

#include <tiffio.h>

#include "decoders.hpp"

namespace zoetrope::image {

class TiffFile {
 public:
  // Throws DecodeError. `bytes` must outlive this.
  explicit TiffFile(Bytes bytes);
  ~TiffFile();
  TiffFile(const TiffFile&) = delete;
  TiffFile& operator=(const TiffFile&) = delete;

  TIFF* get() const { return tiff_; }
  // `unset` where the file has no such tag, and libtiff no default for it.
  std::uint16_t tag(std::uint32_t name, std::uint16_t unset) const;
  std::uint32_t wide_tag(std::uint32_t name, std::uint32_t unset) const;
  [[noreturn]] void fail() const;  // with libtiff's first reason

 private:
  struct Procedures;
  Bytes bytes_;
  std::size_t at_ = 0;
  std::string reason_;
  bool palette_lost_ = false;
  TIFF* tiff_ = nullptr;
};

struct TiffLayout {
  // Throws DecodeError at layouts that are not supported.
  explicit TiffLayout(const TiffFile& file);

  std::uint32_t width, height;
  std::uint16_t bits, samples, format, photometric, compression;
  bool separate;               // each sample in a plane of its own
  std::uint16_t colours = 1;   // of the samples; four of CMYK
  bool premultiplied = false;  // the sample after the colours is alpha by which they are multiplied

  int channels() const { return colours + (premultiplied ? 1 : 0); }
};

}  // namespace zoetrope::image
