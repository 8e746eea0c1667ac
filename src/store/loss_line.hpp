// SPDX-License-Identifier: Apache-2.0
// A line of log.csv, and what it says.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "zoetrope/store/loss_log.hpp"

namespace zoetrope::store {

inline constexpr std::string_view kLossHeader =
    "step,epoch,loss,learning_rate,grad_norm,accuracy,images_per_second";

// The columns after step, in the header's order.
struct LossColumn {
  std::string_view name;
  double LossRecord::*member;
};
inline constexpr std::array<LossColumn, 6> kLossColumns = {
    {{"epoch", &LossRecord::epoch},
     {"loss", &LossRecord::loss},
     {"learning_rate", &LossRecord::learning_rate},
     {"grad_norm", &LossRecord::grad_norm},
     {"accuracy", &LossRecord::accuracy},
     {"images_per_second", &LossRecord::images_per_second}}};

std::vector<std::string_view> split(std::string_view text, char separator);

// With its end. Numbers are the shortest decimals that read back as the same.
std::string to_line(const LossRecord& record);

// Of columns with names of a header; others than ours are passed over. InputError that begins with `place`.
LossRecord parse_line(std::string_view line, const std::vector<std::string_view>& columns,
                      const std::string& place);

}  // namespace zoetrope::store
