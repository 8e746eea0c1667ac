// SPDX-License-Identifier: Apache-2.0
// The first image of a TIFF file: libtiff undoes the compression, and the samples become those of Pillow's
// TiffImagePlugin and its convert("RGB"). (TIFFReadRGBAImage makes other colours of CMYK, alpha and 16 bits.)
#include <algorithm>
#include <cstring>
#include <limits>
#include <vector>

#include "orientation.hpp"
#include "pil_pixels.hpp"
#include "tiff_file.hpp"

namespace zoetrope::image {
namespace {

// DEFLATE makes no byte of more than 1032; a blank row of a fax takes a bit.
constexpr std::int64_t kMostBitsPerTiffByte = std::int64_t{1032} * 8;
constexpr std::int64_t kMostFaxPixelsPerByte = 65536;

template <typename T>
T load(const std::uint8_t* at) {
  T value;
  std::memcpy(&value, at, sizeof value);  // libtiff has put it into this machine's byte order
  return value;
}

// The value as it is stored, of 12 bits or fewer.
std::uint32_t packed(const std::uint8_t* row, std::size_t index, std::uint32_t bits) {
  const std::size_t first = index * bits;
  std::uint32_t value = row[first / 8];
  std::size_t have = 8;
  if (first % 8 + bits > have) {
    value = value << 8 | row[first / 8 + 1];
    have = 16;
  }
  return value >> (have - first % 8 - bits) & ((1u << bits) - 1);
}

std::uint8_t grey_of_float(float value) {
  return value > 0 ? static_cast<std::uint8_t>(std::min(value, 255.0f)) : std::uint8_t{0};
}

std::uint8_t sample_at(const std::uint8_t* row, std::size_t index, const TiffLayout& layout) {
  const bool wide_grey = layout.colours == 1;
  switch (layout.bits) {
    case 8:
      return row[index];
    case 12:
      return saturate(packed(row, index, 12));
    case 16:
      if (!wide_grey) return static_cast<std::uint8_t>(load<std::uint16_t>(row + 2 * index) >> 8);
      if (layout.format == SAMPLEFORMAT_INT) return saturate(load<std::int16_t>(row + 2 * index));
      return saturate(load<std::uint16_t>(row + 2 * index));
    case 32:
      if (layout.format == SAMPLEFORMAT_IEEEFP) return grey_of_float(load<float>(row + 4 * index));
      return saturate(load<std::int32_t>(row + 4 * index));
    default: {
      const std::uint32_t value = packed(row, index, layout.bits);
      if (layout.photometric == PHOTOMETRIC_PALETTE) return static_cast<std::uint8_t>(value);
      return static_cast<std::uint8_t>(value * 255 / ((1u << layout.bits) - 1));
    }
  }
}

// Strips and tiles alike: rectangles, each decoded by itself.
class TiffBlocks {
 public:
  TiffBlocks(const TiffFile& file, const TiffLayout& layout, Bytes bytes)
      : file_(file), layout_(layout), tiled_(TIFFIsTiled(file.get()) != 0) {
    width_ = tiled_ ? file.wide_tag(TIFFTAG_TILEWIDTH, 0) : layout.width;
    height_ = tiled_ ? file.wide_tag(TIFFTAG_TILELENGTH, 0)
                     : std::min(file.wide_tag(TIFFTAG_ROWSPERSTRIP, layout.height), layout.height);
    require_plausible(height_, width_, kMostFaxPixelsPerByte, bytes);
    const tmsize_t size = tiled_ ? TIFFTileSize(file.get()) : TIFFVStripSize(file.get(), height_);
    const tmsize_t row_bytes = tiled_ ? TIFFTileRowSize(file.get()) : TIFFScanlineSize(file.get());
    const std::uint64_t row_bits =
        std::uint64_t{width_} * (layout.separate ? 1 : layout.samples) * layout.bits;
    if (size <= 0 || row_bytes <= 0 || static_cast<std::uint64_t>(row_bytes) < (row_bits + 7) / 8 ||
        size / row_bytes < std::int64_t{height_})
      file_.fail();
    row_bytes_ = static_cast<std::size_t>(row_bytes);
    buffer_.resize(static_cast<std::size_t>(size));
  }

  void read_into(Image& image) {
    for (int plane = 0; plane < (layout_.separate ? image.channels : 1); ++plane)
      for (std::uint32_t top = 0; top < layout_.height; top += height_)
        for (std::uint32_t left = 0; left < layout_.width; left += width_) {
          read_block(left, top, static_cast<std::uint16_t>(plane));
          copy_block(left, top, plane, image);
        }
  }

 private:
  void read_block(std::uint32_t left, std::uint32_t top, std::uint16_t plane) {
    TIFF* tiff = file_.get();
    const tmsize_t done = tiled_
                              ? TIFFReadTile(tiff, buffer_.data(), left, top, 0, plane)
                              : TIFFReadEncodedStrip(tiff, TIFFComputeStrip(tiff, top, plane), buffer_.data(),
                                                     static_cast<tmsize_t>(buffer_.size()));
    if (done < 0) file_.fail();
  }

  void copy_block(std::uint32_t left, std::uint32_t top, int plane, Image& image) const {
    const std::uint32_t rows = std::min(height_, layout_.height - top);
    const std::uint32_t columns = std::min(width_, layout_.width - left);
    const auto channels = static_cast<std::size_t>(image.channels);
    const std::size_t first = layout_.separate ? static_cast<std::size_t>(plane) : 0;
    const std::size_t copied = layout_.separate ? 1 : channels;
    for (std::uint32_t y = 0; y < rows; ++y) {
      const std::uint8_t* row = buffer_.data() + y * row_bytes_;
      std::uint8_t* out =
          image.pixels.data() + ((top + y) * std::size_t{layout_.width} + left) * channels + first;
      for (std::size_t x = 0; x < columns; ++x, out += channels)
        for (std::size_t c = 0; c < copied; ++c)
          out[c] = sample_at(row, layout_.separate ? x : x * layout_.samples + c, layout_);
    }
  }

  const TiffFile& file_;
  const TiffLayout& layout_;
  bool tiled_;
  std::uint32_t width_ = 0, height_ = 0;
  std::size_t row_bytes_ = 0;
  std::vector<std::uint8_t> buffer_;
};

// YCbCr that is compressed otherwise than by JPEG or has its chroma at fewer places: libtiff's own colours.
Image read_by_libtiff(const TiffFile& file, const TiffLayout& layout) {
  std::vector<std::uint32_t> raster(std::size_t{layout.width} * layout.height);
  TIFFRGBAImage reader{};
  char reason[1024] = "";
  if (TIFFRGBAImageOK(file.get(), reason) == 0 || TIFFRGBAImageBegin(&reader, file.get(), 0, reason) == 0)
    throw DecodeError{reason};
  reader.orientation = reader.req_orientation = ORIENTATION_TOPLEFT;
  const bool good = TIFFRGBAImageGet(&reader, raster.data(), layout.width, layout.height) != 0;
  TIFFRGBAImageEnd(&reader);
  if (!good) file.fail();
  Image image = blank_image(layout.height, layout.width, 3);
  std::uint8_t* out = image.pixels.data();
  for (const std::uint32_t pixel : raster)
    for (int shift = 0; shift < 24; shift += 8) *out++ = static_cast<std::uint8_t>(pixel >> shift);
  return image;
}

Palette palette_of(const TiffFile& file, std::uint16_t bits) {
  std::uint16_t *red = nullptr, *green = nullptr, *blue = nullptr;
  if (TIFFGetField(file.get(), TIFFTAG_COLORMAP, &red, &green, &blue) == 0)
    throw DecodeError{"it has no palette"};
  Palette palette{};
  for (std::size_t i = 0; i < std::size_t{1} << bits; ++i)
    palette[i] = {static_cast<std::uint8_t>(red[i] >> 8), static_cast<std::uint8_t>(green[i] >> 8),
                  static_cast<std::uint8_t>(blue[i] >> 8)};
  return palette;
}

// Whether the blocks hold three samples for every pixel, whatever the file says its colours are.
bool has_all_chroma(const TiffFile& file, const TiffLayout& layout) {
  if (layout.compression == COMPRESSION_JPEG && !layout.separate)
    return TIFFSetField(file.get(), TIFFTAG_JPEGCOLORMODE, JPEGCOLORMODE_RGB) != 0;
  std::uint16_t across = 2, down = 2;
  TIFFGetFieldDefaulted(file.get(), TIFFTAG_YCBCRSUBSAMPLING, &across, &down);
  return layout.compression == COMPRESSION_NONE && across == 1 && down == 1;
}

Image read_pixels(const TiffFile& file, const TiffLayout& layout, Bytes bytes) {
  const bool ycc = layout.photometric == PHOTOMETRIC_YCBCR;
  if (ycc && !has_all_chroma(file, layout)) return read_by_libtiff(file, layout);
  TiffBlocks blocks(file, layout, bytes);
  Image image = blank_image(layout.height, layout.width, layout.channels());
  blocks.read_into(image);
  if (layout.photometric == PHOTOMETRIC_MINISWHITE && layout.bits <= 8)
    for (std::uint8_t& pixel : image.pixels) pixel = static_cast<std::uint8_t>(255 - pixel);
  if (layout.photometric == PHOTOMETRIC_PALETTE)
    return look_up(palette_of(file, layout.bits), image.pixels, image.height, image.width);
  if (ycc && layout.compression == COMPRESSION_NONE) ycc_to_rgb(image);
  if (layout.premultiplied) return divide_by_alpha(image);
  return layout.colours == 4 ? cmyk_to_rgb(image, 0) : image;
}

}  // namespace

Decoded decode_tiff(Bytes bytes) {
  const TiffFile file(bytes);
  const TiffLayout layout(file);
  const std::int64_t pixel_bits = std::int64_t{layout.bits} * layout.samples;
  require_plausible(layout.height, layout.width,
                    pixel_bits == 1 ? kMostFaxPixelsPerByte : kMostBitsPerTiffByte / pixel_bits, bytes);
  Decoded decoded;
  decoded.image = read_pixels(file, layout, bytes);
  std::uint32_t xmp_bytes = 0;
  const void* xmp = nullptr;
  std::uint16_t orientation = 0;
  if (TIFFGetField(file.get(), TIFFTAG_ORIENTATION, &orientation) != 0)
    decoded.image =
        turn_upright(std::move(decoded.image), orientation >= 1 && orientation <= 8 ? orientation : 1);
  else if (TIFFGetField(file.get(), TIFFTAG_XMLPACKET, &xmp_bytes, &xmp) != 0)
    decoded.xmp.assign(static_cast<const char*>(xmp), xmp_bytes);
  return decoded;
}

}  // namespace zoetrope::image
