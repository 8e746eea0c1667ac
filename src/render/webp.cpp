// SPDX-License-Identifier: Apache-2.0
// Animated WebP by libwebp itself. As of an MP4, threads encode pieces side by side, each from its first
// frame on as an animation of its own; the file is their frames in a row.
#include <cmath>
#include <memory>
#include <vector>

#include <webp/encode.h>
#include <webp/mux.h>

#include "zoetrope/support/error.hpp"
#include "zoetrope/support/interruption.hpp"
#include "zoetrope/support/new_file.hpp"
#include "zoetrope/support/trace.hpp"

#include "animation.hpp"

namespace zoetrope::render {
namespace {

struct WebpDeleter {
  void operator()(WebPAnimEncoder* encoder) const { WebPAnimEncoderDelete(encoder); }
  void operator()(WebPMux* mux) const { WebPMuxDelete(mux); }
};
using AnimEncoderPtr = std::unique_ptr<WebPAnimEncoder, WebpDeleter>;
using MuxPtr = std::unique_ptr<WebPMux, WebpDeleter>;

// Bytes of libwebp's own.
class WebpBytes {
 public:
  WebpBytes() { WebPDataInit(&data_); }
  ~WebpBytes() { WebPDataClear(&data_); }
  WebpBytes(WebpBytes&& other) noexcept : data_(std::exchange(other.data_, {})) {}
  WebpBytes(const WebpBytes&) = delete;
  WebpBytes& operator=(const WebpBytes&) = delete;
  WebpBytes& operator=(WebpBytes&&) = delete;

  WebPData* get() { return &data_; }
  const WebPData& data() const { return data_; }

 private:
  WebPData data_;
};

WebPConfig webp_config() {
  constexpr float kQuality = 80;
  WebPConfig config;
  if (WebPConfigPreset(&config, WEBP_PRESET_DRAWING, kQuality) == 0)
    throw RunError("libwebp is of another version than its headers");
  config.method = 2;
  return config;
}

void add_frame(const std::string& path, WebPAnimEncoder& encoder, const Picture& picture, int start_ms,
               const WebPConfig& config) {
  const trace::Span span("encoding");
  WebPPicture frame;
  if (WebPPictureInit(&frame) == 0) throw RunError("libwebp is of another version than its headers");
  frame.use_argb = 1;
  frame.width = picture.width;
  frame.height = picture.height;
  std::vector<std::uint32_t> opaque(picture.pixels);
  for (std::uint32_t& pixel : opaque) pixel |= 0xff000000;
  frame.argb = opaque.data();
  frame.argb_stride = picture.width;
  if (WebPAnimEncoderAdd(&encoder, &frame, start_ms, &config) == 0)
    throw RunError(path + ": encoding a frame: " + WebPAnimEncoderGetError(&encoder));
}

// The frames of `range` as an animation that starts at 0.
WebpBytes encode_webp_piece(const std::string& path, const Film& film, const WebPConfig& config,
                            support::Range range, FrameSize& size) {
  const auto begin = static_cast<std::size_t>(range.begin), end = static_cast<std::size_t>(range.end);
  const auto time_ms = [&](std::size_t i) { return std::llround(film.time_s(i) * 1000); };
  const auto since_start = [&](std::size_t i) { return static_cast<int>(time_ms(i) - time_ms(begin)); };
  AnimEncoderPtr encoder;
  for (std::size_t i = begin; i < end; ++i) {
    support::stop_point();
    const Picture picture = film.frame(i);
    size.check(i, picture);
    if (!encoder) encoder.reset(WebPAnimEncoderNew(picture.width, picture.height, nullptr));
    if (!encoder) throw RunError(path + ": libwebp has no memory for the animation");
    add_frame(path, *encoder, picture, since_start(i), config);
  }
  WebpBytes piece;
  if (WebPAnimEncoderAdd(encoder.get(), nullptr, since_start(end), nullptr) == 0 ||
      WebPAnimEncoderAssemble(encoder.get(), piece.get()) == 0)
    throw RunError(path + ": encoding a frame: " + WebPAnimEncoderGetError(encoder.get()));
  return piece;
}

void append_frames(const std::string& path, const WebpBytes& piece, int duration_ms, WebPMux& file) {
  const auto check = [&](WebPMuxError code) {
    if (code != WEBP_MUX_OK) throw RunError(path + ": libwebp cannot join the animation's frames");
  };
  const MuxPtr mux(WebPMuxCreate(&piece.data(), 0));
  int count = 0;
  if (!mux) throw RunError(path + ": libwebp cannot read its own frames");
  check(WebPMuxNumChunks(mux.get(), WEBP_CHUNK_ANMF, &count));
  for (int k = 1; k <= std::max(count, 1); ++k) {
    WebPMuxFrameInfo frame{};
    check(WebPMuxGetFrame(mux.get(), static_cast<std::uint32_t>(k), &frame));
    if (count == 0) {  // a still picture, as a piece of one frame is
      frame.id = WEBP_CHUNK_ANMF;
      frame.duration = duration_ms;
      frame.dispose_method = WEBP_MUX_DISPOSE_NONE;
      frame.blend_method = WEBP_MUX_NO_BLEND;
    }
    const WebPMuxError code = WebPMuxPushFrame(&file, &frame, 1);
    WebPDataClear(&frame.bitstream);
    check(code);
  }
}

}  // namespace

void encode_webp(const std::string& path, const Film& film) {
  const WebPConfig config = webp_config();
  FrameSize size;
  PieceReader<WebpBytes> reader(
      film, [&](support::Range range) { return encode_webp_piece(path, film, config, range, size); });
  const MuxPtr mux(WebPMuxNew());
  const WebPMuxAnimParams for_ever{.bgcolor = 0xffffffff, .loop_count = 0};
  if (!mux || WebPMuxSetAnimationParams(mux.get(), &for_ever) != WEBP_MUX_OK)
    throw RunError(path + ": libwebp has no memory for the animation");
  for (std::size_t k = 0; k < reader.count(); ++k) {
    const support::Range range = reader.range(k);
    const double seconds =
        film.time_s(static_cast<std::size_t>(range.end)) - film.time_s(static_cast<std::size_t>(range.begin));
    append_frames(path, reader.next(), static_cast<int>(std::llround(seconds * 1000)), *mux);
  }
  WebpBytes whole;
  if (WebPMuxAssemble(mux.get(), whole.get()) != WEBP_MUX_OK)
    throw RunError(path + ": libwebp cannot join the animation's frames");
  support::NewFile file(path);
  file.write(std::as_bytes(std::span(whole.data().bytes, whole.data().size)));
  file.close();
}

}  // namespace zoetrope::render
