// SPDX-License-Identifier: Apache-2.0
#include "zoetrope/analysis/class_match.hpp"

#include <algorithm>
#include <map>
#include <numeric>

namespace zoetrope::analysis {

namespace {

constexpr std::int64_t kTwice = -1;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || static_cast<unsigned char>(c) >= 0x80;
}

std::string letters_and_digits(const std::string& name) {
  std::string kept;
  for (const char c : name)
    if (is_letter(c) || is_digit(c)) kept += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return kept;
}

// Letters or none, then digits only: a place in some order rather than a name.
bool is_number(const std::string& name) {
  const auto digits = std::find_if(name.begin(), name.end(), is_digit);
  return digits != name.end() && std::all_of(digits, name.end(), is_digit) &&
         std::all_of(name.begin(), digits, [](char c) { return is_letter(c) || c == '_' || c == '-'; });
}

std::optional<std::vector<std::int64_t>> match_names(const std::vector<std::string>& of_model,
                                                     const std::vector<std::string>& of_data) {
  std::map<std::string, std::int64_t> places;
  for (std::size_t i = 0; i < of_model.size(); ++i) {
    const auto [found, is_new] = places.emplace(of_model[i], static_cast<std::int64_t>(i));
    if (!is_new) found->second = kTwice;
  }
  std::vector<std::int64_t> columns;
  std::vector<bool> taken(of_model.size());
  for (const std::string& name : of_data) {
    const auto found = places.find(name);
    if (found == places.end() || found->second == kTwice) return std::nullopt;
    const auto place = static_cast<std::size_t>(found->second);
    if (taken[place]) return std::nullopt;
    taken[place] = true;
    columns.push_back(found->second);
  }
  return columns;
}

std::vector<std::string> simplified(std::vector<std::string> names) {
  std::transform(names.begin(), names.end(), names.begin(), letters_and_digits);
  return names;
}

}  // namespace

std::optional<std::vector<std::int64_t>> match_classes(const std::vector<std::string>& of_model,
                                                       const std::vector<std::string>& of_data) {
  std::vector<std::int64_t> in_order(of_data.size());
  std::iota(in_order.begin(), in_order.end(), 0);
  if (of_model == of_data) return in_order;  // also where a name is there twice
  if (auto columns = match_names(of_model, of_data)) return columns;
  if (auto columns = match_names(simplified(of_model), simplified(of_data))) return columns;
  const bool numbered = std::all_of(of_model.begin(), of_model.end(), is_number) ||
                        std::all_of(of_data.begin(), of_data.end(), is_number);
  if (numbered && of_model.size() == of_data.size()) return in_order;
  return std::nullopt;
}

void keep_columns(std::vector<float>& values, std::int64_t num_columns,
                  const std::vector<std::int64_t>& columns) {
  std::vector<std::int64_t> all(static_cast<std::size_t>(num_columns));
  std::iota(all.begin(), all.end(), 0);
  if (columns == all) return;
  std::vector<float> kept;
  kept.reserve(num_columns == 0 ? 0 : values.size() / all.size() * columns.size());
  for (std::size_t row = 0; row < values.size(); row += all.size())
    for (const std::int64_t column : columns) kept.push_back(values[row + static_cast<std::size_t>(column)]);
  values = std::move(kept);
}

}  // namespace zoetrope::analysis
