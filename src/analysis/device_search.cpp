// SPDX-License-Identifier: Apache-2.0
#include "device_search.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include <ATen/ATen.h>
#include <ATen/Context.h>

#include "zoetrope/compute/host_copy.hpp"

namespace zoetrope::analysis {
namespace {

constexpr std::int64_t kScoresAtOnce = std::int64_t{1} << 26;  // 256 MiB of float32

// While it lives, float32 products are float32 on a device, too: SearchSpace's bounds hold for those only.
class PlainFloat32 {
 public:
  PlainFloat32() : before_(at::globalContext().allowTF32CuBLAS()) {
    at::globalContext().setAllowTF32CuBLAS(false);
  }
  ~PlainFloat32() { at::globalContext().setAllowTF32CuBLAS(before_); }
  PlainFloat32(const PlainFloat32&) = delete;
  PlainFloat32& operator=(const PlainFloat32&) = delete;

 private:
  bool before_;
};

// The best scores of some rows, on their way to the host.
struct Block {
  std::int64_t first = 0;
  compute::HostCopy scores;  // float32 [rows, keep], best first
  compute::HostCopy others;  // int64 [rows, keep]
};

void store(const Block& block, bool is_all, CandidateLists& lists) {
  const at::Tensor& scores = block.scores.wait();
  if (!scores.defined()) return;
  const std::int64_t keep = scores.size(1);
  const auto* score = scores.const_data_ptr<float>();
  const auto* other = block.others.wait().const_data_ptr<std::int64_t>();
  for (std::int64_t r = 0; r < scores.size(0); ++r, score += keep, other += keep)
    lists.assign(block.first + r, {score, static_cast<std::size_t>(keep)}, other,
                 is_all ? -kInfinity : score[keep - 1]);
}

// A tensor of its own, on the device, of numbers on the host.
template <typename T>
at::Tensor on_device(at::Device device, const T* values, at::IntArrayRef shape, at::ScalarType type) {
  return at::from_blob(const_cast<T*>(values), shape, type).to(device, /*non_blocking=*/false, /*copy=*/true);
}

// Scores [rows, N] of the rows [first, ...) of those asked for, with their n-th others' limits.
void count_block(const at::Tensor& scores, std::int64_t first, std::int64_t n, const at::Tensor& sure,
                 const at::Tensor& open, RankCounter& ranks) {
  const at::Tensor is_sure = scores > sure.narrow(0, first, scores.size(0)).unsqueeze(1);
  const at::Tensor is_open =
      (scores >= open.narrow(0, first, scores.size(0)).unsqueeze(1)).logical_and_(is_sure.logical_not());
  const at::Tensor nearer = is_sure.sum(1).cpu();
  const at::Tensor left_open =
      is_open.nonzero().cpu().contiguous();  // [few, 2]: the other itself is among them
  for (std::int64_t r = 0; r < nearer.size(0); ++r)
    ranks.add_counted(first + r, n, nearer.const_data_ptr<std::int64_t>()[r]);
  const auto* place = left_open.const_data_ptr<std::int64_t>();
  for (std::int64_t i = 0; i < left_open.size(0); ++i, place += 2)
    if (ranks.is_nearer(first + place[0], n, place[1])) ranks.add_counted(first + place[0], n, 1);
}

}  // namespace

void count_ranks_on(at::Device device, const SearchSpace& space, std::span<const std::int64_t> asked,
                    RankCounter& ranks) {
  const PlainFloat32 products;
  const std::int64_t count = space.size(), size = static_cast<std::int64_t>(asked.size()), k = ranks.k();
  const at::Tensor rows = space.centred().to(device);
  const at::Tensor offsets = on_device(device, space.offsets().data(), {count}, at::kFloat);
  const at::Tensor places = on_device(device, asked.data(), {size}, at::kLong);
  const at::Tensor sure = on_device(device, ranks.surely_nearer().data(), {k, size}, at::kFloat);
  const at::Tensor open = on_device(device, ranks.not_nearer().data(), {k, size}, at::kFloat);
  const std::int64_t height = std::clamp<std::int64_t>(kScoresAtOnce / count, 1, size);
  for (std::int64_t first = 0; first < size; first += height) {
    const at::Tensor some = places.narrow(0, first, std::min(height, size - first));
    const at::Tensor scores = at::mm(rows.index_select(0, some), rows.t()).add_(offsets);
    scores.scatter_(1, some.unsqueeze(1), -kInfinity);  // a row is not nearer than another to itself
    for (std::int64_t n = 0; n < k; ++n) count_block(scores, first, n, sure[n], open[n], ranks);
  }
}

void collect_candidates_on(at::Device device, const SearchSpace& space, std::int64_t keep,
                           support::Range range, CandidateLists& lists) {
  const PlainFloat32 products;
  const std::int64_t count = space.size();
  keep = std::min(keep, count - 1);
  const bool is_all = keep == count - 1;
  const at::Tensor rows = space.centred().to(device);
  const at::Tensor offsets = on_device(device, space.offsets().data(), {count}, at::kFloat);
  const std::int64_t height = std::clamp<std::int64_t>(kScoresAtOnce / count, 1, count);
  Block under_way;
  for (std::int64_t first = range.begin; first < range.end; first += height) {
    const at::Tensor some = rows.narrow(0, first, std::min(height, range.end - first));
    const at::Tensor scores = at::mm(some, rows.t()).add_(offsets);
    scores.diagonal(first).fill_(-kInfinity);  // a row is not its own neighbour
    const auto [best, other] = scores.topk(keep, 1);
    const Block before = std::exchange(under_way, {first, compute::HostCopy(best), compute::HostCopy(other)});
    store(before, is_all, lists);  // while the device is at this one
  }
  store(under_way, is_all, lists);
}

}  // namespace zoetrope::analysis
