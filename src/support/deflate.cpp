// SPDX-License-Identifier: Apache-2.0
#include "zoetrope/support/deflate.hpp"

#include <isa-l/igzip_lib.h>

#include "zoetrope/support/error.hpp"

namespace zoetrope::support {

Deflater::Deflater(Container container, Effort effort)
    : stream_(std::make_unique<isal_zstream>()),
      buffer_(effort == Effort::kMost ? ISAL_DEF_LVL3_DEFAULT : ISAL_DEF_LVL1_DEFAULT) {
  isal_deflate_init(stream_.get());
  stream_->level = effort == Effort::kMost ? 3 : 1;
  stream_->level_buf = buffer_.data();
  stream_->level_buf_size = static_cast<std::uint32_t>(buffer_.size());
  stream_->gzip_flag = container == Container::kGzip ? IGZIP_GZIP : IGZIP_ZLIB;
}

Deflater::~Deflater() = default;

void Deflater::add(std::span<const std::uint8_t> bytes, bool last) {
  stream_->next_in = const_cast<std::uint8_t*>(bytes.data());  // ISA-L only reads it
  stream_->avail_in = static_cast<std::uint32_t>(bytes.size());
  stream_->end_of_stream = last ? 1 : 0;
  do {
    constexpr std::size_t kRoom = std::size_t{1} << 18;
    if (packed_.size() < used_ + kRoom) packed_.resize(2 * packed_.size() + 2 * kRoom);
    stream_->next_out = reinterpret_cast<std::uint8_t*>(packed_.data() + used_);
    stream_->avail_out = static_cast<std::uint32_t>(kRoom);
    if (isal_deflate(stream_.get()) != COMP_OK) throw RunError("ISA-L cannot pack what is to be written");
    used_ += kRoom - stream_->avail_out;
  } while (stream_->avail_out == 0);
}

}  // namespace zoetrope::support
