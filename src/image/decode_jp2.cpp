// SPDX-License-Identifier: Apache-2.0
// JPEG 2000, in a file of boxes or as a bare codestream, by OpenJPEG, which is what Pillow has, too. Samples
// of another width than 8 bits are shifted as its Jpeg2KDecode.c does.
#include <algorithm>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>

#include <openjpeg.h>

#include "bytes.hpp"
#include "pil_pixels.hpp"

namespace zoetrope::image {
namespace {

constexpr std::int64_t kMostPixelsPerJp2Byte = 4096;  // blank images take less
constexpr std::string_view kCodestreamStart = "\xff\x4f\xff\x51";

bool is_codestream(Bytes bytes) {
  return as_text(bytes).starts_with(kCodestreamStart);
}

Bytes find_codestream(Bytes bytes) {
  if (is_codestream(bytes)) return bytes;
  for (std::size_t at = 0;;) {
    std::uint64_t size = big_endian(bytes, at, 4);
    const std::uint32_t kind = big_endian(bytes, at + 4, 4);
    std::size_t header = 8;
    if (size == 1) {
      size = std::uint64_t{big_endian(bytes, at + 8, 4)} << 32 | big_endian(bytes, at + 12, 4);
      header = 16;
    }
    if (kind == 0x6a703263) return bytes.subspan(at + header);  // "jp2c"
    if (size < header || size > bytes.size() - at) throw DecodeError{"it holds no codestream"};
    at += size;
  }
}

// OpenJPEG sets memory aside for every tile of every component before it reads one.
void check_size_marker(Bytes bytes) {
  const Bytes stream = find_codestream(bytes);
  if (!is_codestream(stream)) throw DecodeError{"its codestream has no start"};
  std::int64_t tiles = 1, sides[2];
  for (const std::size_t axis : {std::size_t{0}, std::size_t{1}}) {
    const std::int64_t end = big_endian(stream, 8 + 4 * axis, 4),
                       start = big_endian(stream, 16 + 4 * axis, 4);
    const std::int64_t tile = big_endian(stream, 24 + 4 * axis, 4);
    sides[axis] = end - start;
    if (end <= start || tile == 0) throw DecodeError{"it has no pixels"};
    tiles *= (end + tile - 1) / tile;
    if (tiles > std::ssize(stream)) throw DecodeError{"it announces more tiles than it can hold"};
  }
  const std::uint32_t components = big_endian(stream, 40, 2);
  if (components < 1 || components > 4)
    throw DecodeError{"it has " + std::to_string(components) + " colour channels"};
  require_plausible(sides[1], sides[0], kMostPixelsPerJp2Byte, bytes);
}

struct Jp2Source {
  Bytes bytes;
  std::size_t at = 0;
  std::string reason;

  static OPJ_SIZE_T read(void* out, OPJ_SIZE_T count, void* self) {
    auto& [bytes, at, reason] = *static_cast<Jp2Source*>(self);
    if (at >= bytes.size()) return static_cast<OPJ_SIZE_T>(-1);
    count = std::min(count, bytes.size() - at);
    std::memcpy(out, bytes.data() + at, count);
    at += count;
    return count;
  }
  static OPJ_OFF_T skip(OPJ_OFF_T count, void* self) {
    auto& [bytes, at, reason] = *static_cast<Jp2Source*>(self);
    if (count < 0) return -1;
    const auto moved = std::min(static_cast<std::size_t>(count), bytes.size() - at);
    at += moved;
    return static_cast<OPJ_OFF_T>(moved);
  }
  static OPJ_BOOL seek(OPJ_OFF_T to, void* self) {
    auto& [bytes, at, reason] = *static_cast<Jp2Source*>(self);
    if (to < 0 || static_cast<std::size_t>(to) > bytes.size()) return OPJ_FALSE;
    at = static_cast<std::size_t>(to);
    return OPJ_TRUE;
  }
  static void keep_reason(const char* message, void* self) {
    std::string text = message;
    text.erase(text.find_last_not_of('\n') + 1);
    auto& reason = static_cast<Jp2Source*>(self)->reason;
    if (reason.empty()) reason = text;
  }
};

// Codecs and streams have one type between them, in OpenJPEG's header.
template <auto destroy, typename T>
using OpjOwner = std::unique_ptr<T, decltype([](T* owned) { destroy(owned); })>;
using OpjCodec = OpjOwner<opj_destroy_codec, opj_codec_t>;
using OpjStream = OpjOwner<opj_stream_destroy, opj_stream_t>;
using OpjImage = OpjOwner<opj_image_destroy, opj_image_t>;

OpjImage decode_components(Bytes bytes) {
  Jp2Source source{bytes, 0, ""};
  const OpjCodec codec(opj_create_decompress(is_codestream(bytes) ? OPJ_CODEC_J2K : OPJ_CODEC_JP2));
  const OpjStream stream(opj_stream_default_create(OPJ_TRUE));
  if (!codec || !stream) throw std::bad_alloc();
  opj_stream_set_read_function(stream.get(), Jp2Source::read);
  opj_stream_set_skip_function(stream.get(), Jp2Source::skip);
  opj_stream_set_seek_function(stream.get(), Jp2Source::seek);
  opj_stream_set_user_data(stream.get(), &source, nullptr);
  opj_stream_set_user_data_length(stream.get(), bytes.size());
  opj_set_error_handler(codec.get(), Jp2Source::keep_reason, &source);
  opj_dparameters_t parameters{};
  opj_set_default_decoder_parameters(&parameters);
  opj_image_t* image = nullptr;
  bool good = opj_setup_decoder(codec.get(), &parameters) != 0 &&
              opj_read_header(stream.get(), codec.get(), &image) != 0;
  OpjImage owner(image);
  good = good && opj_decode(codec.get(), stream.get(), image) != 0 &&
         opj_end_decompress(codec.get(), stream.get()) != 0;
  if (!good) throw DecodeError{source.reason.empty() ? "it is damaged" : source.reason};
  return owner;
}

// `bits` are those wanted. PIL's shift makes what is rounded up beyond the largest value wrap around.
std::uint32_t shifted(std::int32_t value, const opj_image_comp_t& component, int bits) {
  const int shift = bits - static_cast<int>(component.prec);
  std::int64_t sample = value;
  if (component.sgnd != 0) sample += std::int64_t{1} << (component.prec - 1);
  if (shift >= 0) return static_cast<std::uint32_t>(sample << shift);
  return static_cast<std::uint32_t>((sample + (std::int64_t{1} << (-shift - 1))) >> -shift);
}

void copy_component(const opj_image_t& source, std::size_t channel, Image& image) {
  const opj_image_comp_t& component = source.comps[channel];
  const bool wide_grey = source.numcomps == 1 && component.prec > 8;  // PIL's mode I;16
  std::uint8_t* out = image.pixels.data() + channel;
  for (int y = 0; y < image.height; ++y) {
    const std::uint32_t row = std::min(static_cast<std::uint32_t>(y) / component.dy, component.h - 1);
    for (int x = 0; x < image.width; ++x, out += image.channels) {
      const std::uint32_t column = std::min(static_cast<std::uint32_t>(x) / component.dx, component.w - 1);
      const std::int32_t value = component.data[std::size_t{row} * component.w + column];
      *out = wide_grey ? saturate(shifted(value, component, 16) & 0xffff)
                       : static_cast<std::uint8_t>(shifted(value, component, 8));
    }
  }
}

bool is_subsampled(const opj_image_comp_t& component) {
  return component.dx != 1 || component.dy != 1;
}

int colours_of(const opj_image_t& image) {
  const bool grey = image.numcomps <= 2;
  const OPJ_COLOR_SPACE space = image.color_space;
  if (grey && (space == OPJ_CLRSPC_GRAY || space == OPJ_CLRSPC_UNKNOWN || space == OPJ_CLRSPC_UNSPECIFIED))
    return 1;
  if (space == OPJ_CLRSPC_CMYK && image.numcomps == 4) return 4;
  if (grey || space == OPJ_CLRSPC_CMYK || space == OPJ_CLRSPC_EYCC || space == OPJ_CLRSPC_GRAY)
    throw DecodeError{"its colour space is not supported; convert it to PNG"};
  return 3;
}

}  // namespace

Decoded decode_jp2(Bytes bytes) {
  check_size_marker(bytes);
  const OpjImage source = decode_components(bytes);
  const int colours = colours_of(*source);
  Decoded decoded;
  decoded.image =
      blank_image(std::int64_t{source->y1} - source->y0, std::int64_t{source->x1} - source->x0, colours);
  for (std::size_t c = 0; c < static_cast<std::size_t>(colours); ++c) {
    const opj_image_comp_t& component = source->comps[c];
    if (component.data == nullptr || component.w == 0 || component.h == 0 || component.prec < 1 ||
        component.prec > 31)
      throw DecodeError{"a colour channel of it is empty"};
    copy_component(*source, c, decoded.image);
  }
  // Where a file does not say so, PIL takes smaller second and third channels for chroma.
  const bool unsaid =
      source->color_space == OPJ_CLRSPC_UNKNOWN || source->color_space == OPJ_CLRSPC_UNSPECIFIED;
  const bool chroma = colours == 3 && !is_subsampled(source->comps[0]) &&
                      (is_subsampled(source->comps[1]) || is_subsampled(source->comps[2]));
  if (source->color_space == OPJ_CLRSPC_SYCC || (unsaid && chroma)) ycc_to_rgb(decoded.image);
  if (colours == 4) decoded.image = cmyk_to_rgb(decoded.image, 0);
  return decoded;
}

}  // namespace zoetrope::image
