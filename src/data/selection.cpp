// SPDX-License-Identifier: Apache-2.0
#include "selection.hpp"

#include <algorithm>
#include <array>
#include <numeric>
#include <set>
#include <string>

#include <ATen/Parallel.h>

#include "zoetrope/data/sampler.hpp"
#include "zoetrope/support/interruption.hpp"
#include "zoetrope/support/log.hpp"

namespace zoetrope::data {
namespace {

constexpr std::int64_t kLimitStream = -1;      // no epoch's order
constexpr std::int64_t kImagesPerLook = 1024;  // images decoded between two looks at the limit
constexpr std::int64_t kCheckedPerTask = 16;

// The reason why each of `candidates` cannot be decoded; empty where it can.
std::vector<std::string> find_faults(std::span<const std::int64_t> candidates,
                                     const std::function<void(std::int64_t)>& decode) {
  std::vector<std::string> faults(candidates.size());
  const bool may_end_early = support::is_interruptible();
  at::parallel_for(0, static_cast<std::int64_t>(candidates.size()), kCheckedPerTask,
                   [&](std::int64_t begin, std::int64_t end) {
                     const support::Interruptible as_the_caller(may_end_early);
                     for (auto i = static_cast<std::size_t>(begin); i < static_cast<std::size_t>(end); ++i) {
                       support::stop_point();
                       try {
                         decode(candidates[i]);
                       } catch (const InputError& error) {
                         faults[i] = error.what();
                       }
                     }
                   });
  return faults;
}

std::vector<std::int64_t> keep_good(const std::vector<std::int64_t>& candidates, std::size_t wanted,
                                    const std::function<void(std::int64_t)>& decode) {
  std::vector<std::int64_t> kept;
  for (std::size_t first = 0; first < candidates.size() && kept.size() < wanted; first += kImagesPerLook) {
    const auto block = std::span(candidates)
                           .subspan(first, std::min<std::size_t>(kImagesPerLook, candidates.size() - first));
    const std::vector<std::string> faults = find_faults(block, decode);
    for (std::size_t i = 0; i < block.size() && kept.size() < wanted; ++i) {
      if (faults[i].empty()) {
        kept.push_back(block[i]);
      } else {
        support::log_warning("left out: " + faults[i]);
      }
    }
  }
  return kept;
}

void refuse_lost_classes(std::span<const std::int64_t> labels, const std::vector<std::int64_t>& kept,
                         const std::vector<std::string>& class_names, const std::string& origin) {
  std::set<std::int64_t> left;
  for (const std::int64_t i : kept) left.insert(labels[static_cast<std::size_t>(i)]);
  for (const std::int64_t label : labels)
    if (!left.contains(label))
      throw InputError(origin + ": the class " + class_names.at(static_cast<std::size_t>(label)) +
                       " has no image that can be read, so that it would be left out with them");
}

}  // namespace

std::vector<std::int64_t> select_images(std::span<const std::int64_t> labels,
                                        const std::vector<std::string>& class_names, LimitOrder order,
                                        const DatasetOptions& options,
                                        const std::function<void(std::int64_t)>& decode,
                                        const std::string& origin) {
  const std::int64_t n = std::ssize(labels);
  std::vector<std::int64_t> candidates(static_cast<std::size_t>(n));
  std::iota(candidates.begin(), candidates.end(), std::int64_t{0});
  const std::int64_t wanted = options.limit > 0 ? std::min(n, options.limit) : n;
  if (wanted < n && order == LimitOrder::kPermuted) candidates = epoch_order(options.seed, kLimitStream, n);
  if (options.skip_bad_images) {
    candidates = keep_good(candidates, static_cast<std::size_t>(wanted), decode);
  } else {
    candidates.resize(static_cast<std::size_t>(wanted));
  }
  if (candidates.empty()) throw InputError(origin + ": holds no image that can be used");
  if (wanted == n) refuse_lost_classes(labels, candidates, class_names, origin);
  std::ranges::sort(candidates);
  return candidates;
}

std::span<const std::string_view> split_names(Split split) {
  static constexpr std::array<std::string_view, 2> kTrain{"train", "training"};
  static constexpr std::array<std::string_view, 8> kTest{"test",       "testing", "eval", "evaluation",
                                                         "validation", "valid",   "val",  "dev"};
  if (split == Split::kTrain) return kTrain;
  return kTest;
}

}  // namespace zoetrope::data
