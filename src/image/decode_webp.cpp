// SPDX-License-Identifier: Apache-2.0
// Through WebP's animation decoder, as PIL does: a still image is an animation of one frame.
#include <memory>

#include <webp/decode.h>
#include <webp/demux.h>

#include "decoders.hpp"

namespace zoetrope::image {
namespace {

// Blank images take less; no photograph comes near.
constexpr std::int64_t kMostPixelsPerWebpByte = 4096;

struct DeleteDecoder {
  void operator()(WebPAnimDecoder* decoder) const { WebPAnimDecoderDelete(decoder); }
};

Bytes metadata_chunk(const WebPDemuxer* demuxer, const char* name) {
  WebPChunkIterator chunk{};
  Bytes bytes;
  if (WebPDemuxGetChunk(demuxer, name, 1, &chunk) != 0) bytes = {chunk.chunk.bytes, chunk.chunk.size};
  WebPDemuxReleaseChunkIterator(&chunk);
  return bytes;  // lies in the file's own bytes
}

}  // namespace

Decoded decode_webp(Bytes bytes) {
  WebPBitstreamFeatures features{};
  if (WebPGetFeatures(bytes.data(), bytes.size(), &features) != VP8_STATUS_OK)
    throw DecodeError{"its header is damaged"};
  require_plausible(features.height, features.width, kMostPixelsPerWebpByte, bytes);
  Decoded decoded;
  decoded.image = blank_image(features.height, features.width, 3);

  WebPAnimDecoderOptions options{};
  WebPAnimDecoderOptionsInit(&options);
  options.color_mode = MODE_RGBA;
  const WebPData data{bytes.data(), bytes.size()};
  const std::unique_ptr<WebPAnimDecoder, DeleteDecoder> decoder(WebPAnimDecoderNew(&data, &options));
  WebPAnimInfo info{};
  if (!decoder || WebPAnimDecoderGetInfo(decoder.get(), &info) == 0 ||
      info.canvas_width != static_cast<std::uint32_t>(features.width) ||
      info.canvas_height != static_cast<std::uint32_t>(features.height))
    throw DecodeError{"it is damaged or ends too early"};
  std::uint8_t* canvas = nullptr;  // the decoder's own memory
  int timestamp = 0;
  if (WebPAnimDecoderGetNext(decoder.get(), &canvas, &timestamp) == 0)
    throw DecodeError{"its first frame is damaged"};

  std::uint8_t* target = decoded.image.pixels.data();
  const std::size_t pixels = decoded.image.pixels.size() / 3;
  for (std::size_t i = 0; i < pixels; ++i, target += 3, canvas += 4) {
    target[0] = canvas[0];
    target[1] = canvas[1];
    target[2] = canvas[2];
  }
  const WebPDemuxer* demuxer = WebPAnimDecoderGetDemuxer(decoder.get());
  const Bytes exif = metadata_chunk(demuxer, "EXIF");
  const Bytes xmp = metadata_chunk(demuxer, "XMP ");
  decoded.exif.assign(exif.begin(), exif.end());
  decoded.xmp.assign(xmp.begin(), xmp.end());
  return decoded;
}

}  // namespace zoetrope::image
