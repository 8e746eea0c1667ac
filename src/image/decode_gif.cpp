// SPDX-License-Identifier: Apache-2.0
// The first frame of a GIF, on its canvas as Pillow's GifImagePlugin has it: transparent pixels keep the
// colour that the palette has for them, and around the frame is the transparent one, or else the first.
// FFmpeg composes otherwise, so that it is given the frame alone, with a palette that makes each index a
// grey.
#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bytes.hpp"
#include "ffmpeg_frame.hpp"
#include "pil_pixels.hpp"

namespace zoetrope::image {
namespace {

// A code of 12 bits is 4,096 pixels at most.
constexpr std::int64_t kMostPixelsPerGifByte = 4096;

struct GifFrame {
  std::uint32_t left = 0, top = 0, width = 0, height = 0;
  bool interlaced = false;
  std::optional<std::uint32_t> transparent;
  Bytes colours;  // three bytes each
  Bytes data;     // the size of the first codes, and what follows
};

// The table of colours that starts at `at`, which is moved behind it.
Bytes take_colours(Bytes bytes, std::uint32_t flags, std::size_t& at) {
  if ((flags & 0x80) == 0) return {};
  const std::size_t size = std::size_t{3} << ((flags & 7) + 1);
  if (bytes.size() < at + size) throw DecodeError{"it ends within its palette"};
  at += size;
  return bytes.subspan(at - size, size);
}

void skip_blocks(Bytes bytes, std::size_t& at) {
  while (const std::uint32_t size = little_endian(bytes, at, 1)) at += 1 + size;
  ++at;
}

GifFrame first_frame(Bytes bytes) {
  GifFrame frame;
  std::size_t at = 13;
  frame.colours = take_colours(bytes, little_endian(bytes, 10, 1), at);
  for (;;) {
    const std::uint32_t kind = little_endian(bytes, at++, 1);
    if (kind == ';') throw DecodeError{"it has no image"};
    if (kind == '!') {
      constexpr std::uint32_t kGraphicControl = 0xf9;
      const bool controls = little_endian(bytes, at++, 1) == kGraphicControl;
      if (controls && little_endian(bytes, at, 1) >= 4 && (little_endian(bytes, at + 1, 1) & 1) != 0)
        frame.transparent = little_endian(bytes, at + 4, 1);
      skip_blocks(bytes, at);
    }
    if (kind != ',') continue;
    frame.left = little_endian(bytes, at, 2);
    frame.top = little_endian(bytes, at + 2, 2);
    frame.width = little_endian(bytes, at + 4, 2);
    frame.height = little_endian(bytes, at + 6, 2);
    const std::uint32_t flags = little_endian(bytes, at + 8, 1);
    frame.interlaced = (flags & 0x40) != 0;
    at += 9;
    if (const Bytes own = take_colours(bytes, flags, at); !own.empty()) frame.colours = own;
    frame.data = bytes.subspan(std::min(at, bytes.size()));
    return frame;
  }
}

// What is beyond the palette is black; without one, or where it is a ramp of greys, an index is its grey.
Palette palette_of(const GifFrame& frame) {
  Palette palette{};
  bool ramp = true;
  for (std::size_t i = 0; i < frame.colours.size(); ++i) {
    palette[i / 3][i % 3] = frame.colours[i];
    ramp = ramp && frame.colours[i] == i / 3;
  }
  if (ramp)
    for (std::size_t i = 0; i < palette.size(); ++i) palette[i].fill(static_cast<std::uint8_t>(i));
  return palette;
}

// A file of that frame only. Where its data end too early, FFmpeg leaves pixels transparent.
std::vector<std::uint8_t> as_indices(const GifFrame& frame) {
  std::vector<std::uint8_t> file;
  const auto add = [&](std::string_view text) { file.insert(file.end(), text.begin(), text.end()); };
  const auto add_number = [&](std::uint32_t value) {
    for (const std::uint32_t byte : {value & 0xff, value >> 8})
      file.push_back(static_cast<std::uint8_t>(byte));
  };
  add("GIF89a");
  add_number(frame.width);
  add_number(frame.height);
  add({"\0\0\0,\0\0\0\0", 8});
  add_number(frame.width);
  add_number(frame.height);
  file.push_back(frame.interlaced ? 0xc7 : 0x87);
  for (std::size_t i = 0; i < 256; ++i) file.insert(file.end(), 3, static_cast<std::uint8_t>(i));
  file.insert(file.end(), frame.data.begin(), frame.data.end());
  return file;
}

}  // namespace

Decoded decode_gif(Bytes bytes) {
  const GifFrame frame = first_frame(bytes);
  const std::int64_t width = std::max(little_endian(bytes, 6, 2), frame.left + frame.width);
  const std::int64_t height = std::max(little_endian(bytes, 8, 2), frame.top + frame.height);
  if (frame.width == 0 || frame.height == 0) throw DecodeError{"its first frame has no pixels"};
  require_plausible(height, width, kMostPixelsPerGifByte, bytes);
  Image canvas = blank_image(height, width, 1);
  std::ranges::fill(canvas.pixels, static_cast<std::uint8_t>(frame.transparent.value_or(0)));

  const AvOwner<AVFrame> indices =
      decode_frame(AV_CODEC_ID_GIF, as_indices(frame), 0, "FFmpeg cannot decode its first frame");
  if (indices->width != static_cast<int>(frame.width) || indices->height != static_cast<int>(frame.height))
    throw DecodeError{"FFmpeg cannot decode its first frame"};
  for (std::uint32_t y = 0; y < frame.height; ++y) {
    const auto* row =
        reinterpret_cast<const std::uint32_t*>(indices->data[0] + std::ptrdiff_t{y} * indices->linesize[0]);
    std::uint8_t* out = canvas.pixels.data() + (frame.top + y) * static_cast<std::size_t>(width) + frame.left;
    for (std::uint32_t x = 0; x < frame.width; ++x) {
      if (row[x] >> 24 == 0) throw DecodeError{"it ends before its last pixel"};
      out[x] = static_cast<std::uint8_t>(row[x]);
    }
  }
  return {look_up(palette_of(frame), canvas.pixels, canvas.height, canvas.width), {}, {}};
}

}  // namespace zoetrope::image
