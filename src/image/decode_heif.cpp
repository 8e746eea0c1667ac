// SPDX-License-Identifier: Apache-2.0
// HEIC, the photographs of phones, by libheif: the main image, turned upright and cut by libheif as the file
// says. pillow-heif has libheif, too; newer versions round chroma otherwise.
#include <algorithm>
#include <memory>
#include <string>
#include <string_view>

#include <libheif/heif.h>

#include "bytes.hpp"

namespace zoetrope::image {
namespace {

constexpr std::int64_t kMostPixelsPerHeifByte = 16384;  // blank images take less

struct HeifDeleter {
  void operator()(heif_context* context) const { heif_context_free(context); }
  void operator()(heif_image_handle* handle) const { heif_image_handle_release(handle); }
  void operator()(heif_image* image) const { heif_image_release(image); }
  void operator()(heif_decoding_options* options) const { heif_decoding_options_free(options); }
};
template <typename T>
using HeifOwner = std::unique_ptr<T, HeifDeleter>;

void demand(const heif_error& error) {
  if (error.code == heif_error_Memory_allocation_error) throw DecodeError{"it asks for too much memory"};
  if (error.code == heif_error_Ok) return;
  const std::string message = error.message;  // which may end in a line break
  throw DecodeError{message.substr(0, message.find_last_not_of(" .\n") + 1)};
}

// Without this the first images of several threads may come before libheif's list of decoders is complete.
void set_up_libheif() {
#if LIBHEIF_HAVE_VERSION(1, 14, 0)
  static const heif_error error = heif_init(nullptr);
  demand(error);
#endif
}

// Whether AVIF is among the brands, of which the first may be the one that all HEIF files share.
bool is_avif(Bytes bytes) {
  const std::size_t end = std::min<std::size_t>(big_endian(bytes, 0, 4), bytes.size());
  for (std::size_t at = 16; at + 4 <= end; at += 4) {
    if (as_text(bytes.subspan(at, 4)) == "avif") return true;
  }
  return false;
}

}  // namespace

Decoded decode_heif(Bytes bytes) {
  if (is_avif(bytes)) return decode_avif(bytes);
  set_up_libheif();
  const HeifOwner<heif_context> context(heif_context_alloc());
  if (!context) throw std::bad_alloc();
#if LIBHEIF_HAVE_VERSION(1, 13, 0)
  heif_context_set_max_decoding_threads(context.get(), 0);  // images are decoded side by side
#endif
  demand(heif_context_read_from_memory_without_copy(context.get(), bytes.data(), bytes.size(), nullptr));
  heif_image_handle* found = nullptr;
  demand(heif_context_get_primary_image_handle(context.get(), &found));
  const HeifOwner<heif_image_handle> handle(found);
  const int height = heif_image_handle_get_height(found), width = heif_image_handle_get_width(found);
  require_plausible(height, width, kMostPixelsPerHeifByte, bytes);
  Decoded decoded;
  decoded.image = blank_image(height, width, 3);

  const HeifOwner<heif_decoding_options> options(heif_decoding_options_alloc());
  if (!options) throw std::bad_alloc();
  options->convert_hdr_to_8bit = 1;
  heif_image* made = nullptr;
  demand(heif_decode_image(found, &made, heif_colorspace_RGB, heif_chroma_interleaved_RGB, options.get()));
  const HeifOwner<heif_image> image(made);
  int row_bytes = 0;
  const std::uint8_t* pixels = heif_image_get_plane_readonly(made, heif_channel_interleaved, &row_bytes);
  if (pixels == nullptr || heif_image_get_height(made, heif_channel_interleaved) != height ||
      heif_image_get_width(made, heif_channel_interleaved) != width)
    throw DecodeError{"its image has another size than it announces"};
  for (int y = 0; y < height; ++y)
    std::copy_n(pixels + std::ptrdiff_t{y} * row_bytes, 3 * width,
                decoded.image.pixels.data() + std::ptrdiff_t{y} * 3 * width);
  return decoded;
}

}  // namespace zoetrope::image
