// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "zoetrope/data/dataset.hpp"
#include "zoetrope/support/error.hpp"

namespace zoetrope::data {

enum class LimitOrder { kFirst, kPermuted };

// Which of a split's images, which have these labels, it keeps, ascending: options.limit of them, and with
// skip_bad_images only those that `decode` takes without an InputError, whose message is logged as a warning.
// Throws InputError naming `origin` when none is left, or, without a limit, none of a class.
std::vector<std::int64_t> select_images(std::span<const std::int64_t> labels,
                                        const std::vector<std::string>& class_names, LimitOrder order,
                                        const DatasetOptions& options,
                                        const std::function<void(std::int64_t)>& decode,
                                        const std::string& origin);

// What a split may be called, in the order in which that is tried.
std::span<const std::string_view> split_names(Split split);

constexpr Split other_of(Split split) {
  return split == Split::kTrain ? Split::kTest : Split::kTrain;
}

// The option that gives DatasetOptions::split.
constexpr const char* split_option(Split split) {
  return split == Split::kTrain ? "--train-split" : "--test-split";
}

// What `read` returns; an InputError from it also says how to go on without the image.
template <typename Read>
auto with_way_out(const Read& read) {
  try {
    return read();
  } catch (const InputError& error) {
    throw InputError(std::string(error.what()) + " (--skip-bad-images leaves such images out)");
  }
}

}  // namespace zoetrope::data
