// SPDX-License-Identifier: Apache-2.0
// A model's classes and the data's: the same names may come in another order, or among others.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace zoetrope::analysis {

struct ClassMatch {
  std::vector<std::int64_t> columns;  // for each of the data's classes the model's
  bool by_name = true;                // else by place: right only if both sides count their classes alike
};

// For each of the data's classes the model's of the same name, or of the same letters and digits ("T - shirt
// / top" is "T-shirt/top"). Where the names of one side are numbers in an order ("LABEL_3", "n01440764",
// "10"), as many classes match by their places: a number's is the one among its like by size, so that "10"
// comes after "9", and another name's the one in its list. Nothing where a class is not found, or is found
// twice.
std::optional<ClassMatch> match_classes(const std::vector<std::string>& of_model,
                                        const std::vector<std::string>& of_data);

// The first pairs, for people: "0" with "ant", "1" with "bee", "10" with "koi" and 9 more.
std::string describe_pairs(const std::vector<std::string>& of_model, const std::vector<std::string>& of_data,
                           const std::vector<std::int64_t>& columns);

// Whether these are all of so many, each at its place.
bool are_all(const std::vector<std::int64_t>& columns, std::int64_t num_columns);

// Of each row of `num_columns` values those at `columns`, which are below num_columns, in that order.
void keep_columns(std::vector<float>& values, std::int64_t num_columns,
                  const std::vector<std::int64_t>& columns);

}  // namespace zoetrope::analysis
