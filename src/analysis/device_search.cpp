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

}  // namespace

void collect_candidates_on(at::Device device, const SearchSpace& space, std::int64_t keep,
                           CandidateLists& lists) {
  const PlainFloat32 products;
  const std::int64_t count = space.size();
  keep = std::min(keep, count - 1);
  const bool is_all = keep == count - 1;
  const at::Tensor rows = space.centred().to(device);
  const at::Tensor offsets =
      at::from_blob(const_cast<float*>(space.offsets().data()), {count}, at::kFloat).to(device);
  const std::int64_t height = std::clamp<std::int64_t>(kScoresAtOnce / count, 1, count);
  Block under_way;
  for (std::int64_t first = 0; first < count; first += height) {
    const at::Tensor some = rows.narrow(0, first, std::min(height, count - first));
    const at::Tensor scores = at::mm(some, rows.t()).add_(offsets);
    scores.diagonal(first).fill_(-kInfinity);  // a row is not its own neighbour
    const auto [best, other] = scores.topk(keep, 1);
    const Block before = std::exchange(under_way, {first, compute::HostCopy(best), compute::HostCopy(other)});
    store(before, is_all, lists);  // while the device is at this one
  }
  store(under_way, is_all, lists);
}

}  // namespace zoetrope::analysis
