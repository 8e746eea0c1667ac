// SPDX-License-Identifier: Apache-2.0
// AVIF by libavif, which is what Pillow has, too: libheif reads it as well, but makes other colours of its
// chroma.
#include <algorithm>
#include <memory>
#include <string>

#include <avif/avif.h>

#include "decoders.hpp"
#include "orientation.hpp"

namespace zoetrope::image {
namespace {

constexpr std::int64_t kMostPixelsPerAvifByte = 16384;  // blank images take less

struct AvifDeleter {
  void operator()(avifDecoder* decoder) const { avifDecoderDestroy(decoder); }
};

void demand(avifResult result, const avifDecoder& decoder) {
  if (result == AVIF_RESULT_OK) return;
  const std::string detail = decoder.diag.error;
  throw DecodeError{avifResultToString(result) + (detail.empty() ? "" : " (" + detail + ")")};
}

// What the boxes `irot` and `imir` say, as an EXIF orientation: turned to the left, then mirrored.
int orientation_of(const avifImage& image) {
#if AVIF_VERSION_MAJOR >= 1
  const bool left_to_right = image.imir.axis == 1;
#else
  const bool left_to_right = image.imir.mode == 1;
#endif
  const bool mirrored = (image.transformFlags & AVIF_TRANSFORM_IMIR) != 0;
  const int quarters = (image.transformFlags & AVIF_TRANSFORM_IROT) != 0 ? image.irot.angle & 3 : 0;
  constexpr int kTurned[] = {1, 8, 3, 6}, kLeftToRight[] = {2, 7, 4, 5}, kTopToBottom[] = {4, 5, 2, 7};
  return (!mirrored ? kTurned : left_to_right ? kLeftToRight : kTopToBottom)[quarters];
}

Image convert(const avifDecoder& decoder) {
  const avifImage& source = *decoder.image;
  const int channels = decoder.alphaPresent != 0 ? 4 : 3;
  Image pixels = blank_image(source.height, source.width, channels);
  avifRGBImage rgb{};
  avifRGBImageSetDefaults(&rgb, &source);
  rgb.depth = 8;
  rgb.format = channels == 4 ? AVIF_RGB_FORMAT_RGBA : AVIF_RGB_FORMAT_RGB;
  rgb.pixels = pixels.pixels.data();
  rgb.rowBytes = source.width * static_cast<std::uint32_t>(channels);
  demand(avifImageYUVToRGB(&source, &rgb), decoder);
  const int wanted = source.yuvFormat == AVIF_PIXEL_FORMAT_YUV400 ? 1 : 3;
  if (channels == wanted) return pixels;
  Image image = blank_image(source.height, source.width, wanted);
  const std::uint8_t* in = pixels.pixels.data();
  for (std::size_t i = 0; i < image.pixels.size(); i += static_cast<std::size_t>(wanted), in += channels)
    std::copy_n(in, wanted, image.pixels.data() + i);
  return image;
}

}  // namespace

Decoded decode_avif(Bytes bytes) {
  const std::unique_ptr<avifDecoder, AvifDeleter> decoder(avifDecoderCreate());
  if (!decoder) throw std::bad_alloc();
  decoder->strictFlags &= ~static_cast<avifStrictFlags>(AVIF_STRICT_CLAP_VALID | AVIF_STRICT_PIXI_REQUIRED);
  decoder->imageSizeLimit = static_cast<std::uint32_t>(kMaxPixels);
  demand(avifDecoderSetIOMemory(decoder.get(), bytes.data(), bytes.size()), *decoder);
  demand(avifDecoderParse(decoder.get()), *decoder);
  require_plausible(decoder->image->height, decoder->image->width, kMostPixelsPerAvifByte, bytes);
  demand(avifDecoderNextImage(decoder.get()), *decoder);
  const avifImage& image = *decoder->image;
  const int orientation = orientation_of(image);
  Decoded decoded;
  decoded.image = turn_upright(convert(*decoder), orientation);
  // As in PIL, those boxes outdo the EXIF data, and XMP counts where there are neither.
  if (orientation == 1 && image.exif.size == 0 && image.xmp.size > 0)
    decoded.xmp.assign(reinterpret_cast<const char*>(image.xmp.data), image.xmp.size);
  return decoded;
}

}  // namespace zoetrope::image
