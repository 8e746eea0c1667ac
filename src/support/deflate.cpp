// SPDX-License-Identifier: Apache-2.0
#include "zoetrope/support/deflate.hpp"

#include <algorithm>

#include <isa-l/igzip_lib.h>

#include "zoetrope/support/error.hpp"

namespace zoetrope::support {
namespace {

// At the third of all bytes ISA-L 2.30 hashes the address of its stream, not what is there: one process of
// some thousands finds a match more or less. A first piece that is flushed with as many bytes as these goes
// through another routine.
constexpr std::size_t kHead = 16;

}  // namespace

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
  if (head_.size() < kHead) {
    const auto first = bytes.first(std::min(bytes.size(), kHead - head_.size()));
    head_.insert(head_.end(), first.begin(), first.end());
    bytes = bytes.subspan(first.size());
    if (head_.size() < kHead && !last) return;
    pack(head_, SYNC_FLUSH, false);
  }
  pack(bytes, NO_FLUSH, last);
}

void Deflater::pack(std::span<const std::uint8_t> bytes, std::uint16_t flush, bool last) {
  stream_->next_in = const_cast<std::uint8_t*>(bytes.data());  // ISA-L only reads it
  stream_->avail_in = static_cast<std::uint32_t>(bytes.size());
  stream_->flush = flush;
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
