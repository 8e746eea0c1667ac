// SPDX-License-Identifier: Apache-2.0
#include "zoetrope/analysis/class_match.hpp"

#include <algorithm>
#include <map>
#include <numeric>
#include <set>
#include <tuple>

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

bool are_numbers(const std::vector<std::string>& names) {
  return std::all_of(names.begin(), names.end(), is_number);
}

// Sorts numbers after the same letters by size, however long they are.
std::tuple<std::string, std::size_t, std::string> by_size(const std::string& name) {
  const auto digits = std::find_if(name.begin(), name.end(), is_digit);
  const auto first = std::find_if(digits, name.end(), [](char c) { return c != '0'; });
  return {std::string(name.begin(), digits), static_cast<std::size_t>(name.end() - first),
          std::string(first, name.end())};
}

// Indices into `names`, in the order that the names tell of.
std::vector<std::size_t> in_order(const std::vector<std::string>& names) {
  std::vector<std::size_t> order(names.size());
  std::iota(order.begin(), order.end(), 0);
  if (are_numbers(names))
    std::stable_sort(order.begin(), order.end(),
                     [&](std::size_t a, std::size_t b) { return by_size(names[a]) < by_size(names[b]); });
  return order;
}

// Not where both sides know one of the names: then that decides, and the others do not fit.
std::optional<std::vector<std::int64_t>> match_places(const std::vector<std::string>& of_model,
                                                      const std::vector<std::string>& of_data) {
  if (of_model.size() != of_data.size() || !(are_numbers(of_model) || are_numbers(of_data)))
    return std::nullopt;
  const std::set<std::string> known(of_model.begin(), of_model.end());
  if (std::any_of(of_data.begin(), of_data.end(), [&](const auto& name) { return known.contains(name); }))
    return std::nullopt;
  const auto models = in_order(of_model), datas = in_order(of_data);
  std::vector<std::int64_t> columns(of_data.size());
  for (std::size_t place = 0; place < columns.size(); ++place)
    columns[datas[place]] = static_cast<std::int64_t>(models[place]);
  return columns;
}

}  // namespace

std::optional<ClassMatch> match_classes(const std::vector<std::string>& of_model,
                                        const std::vector<std::string>& of_data) {
  if (of_model == of_data) {  // also where a name is there twice
    ClassMatch same{std::vector<std::int64_t>(of_data.size())};
    std::iota(same.columns.begin(), same.columns.end(), 0);
    return same;
  }
  if (auto columns = match_names(of_model, of_data)) return ClassMatch{std::move(*columns)};
  if (auto columns = match_names(simplified(of_model), simplified(of_data)))
    return ClassMatch{std::move(*columns)};
  if (auto columns = match_places(of_model, of_data)) return ClassMatch{std::move(*columns), false};
  return std::nullopt;
}

std::string describe_pairs(const std::vector<std::string>& of_model, const std::vector<std::string>& of_data,
                           const std::vector<std::int64_t>& columns) {
  constexpr std::size_t kShown = 3;
  std::string text;
  for (std::size_t i = 0; i < std::min(kShown, columns.size()); ++i)
    text += (i == 0 ? "\"" : ", \"") + of_data[i] + "\" with \"" +
            of_model[static_cast<std::size_t>(columns[i])] + "\"";
  if (columns.size() > kShown) text += " and " + std::to_string(columns.size() - kShown) + " more";
  return text;
}

bool are_all(const std::vector<std::int64_t>& columns, std::int64_t num_columns) {
  for (std::size_t c = 0; c < columns.size(); ++c)
    if (columns[c] != static_cast<std::int64_t>(c)) return false;
  return static_cast<std::int64_t>(columns.size()) == num_columns;
}

void keep_columns(std::vector<float>& values, std::int64_t num_columns,
                  const std::vector<std::int64_t>& columns) {
  if (are_all(columns, num_columns)) return;
  const auto width = static_cast<std::size_t>(num_columns);
  std::vector<float> kept;
  kept.reserve(width == 0 ? 0 : values.size() / width * columns.size());
  for (std::size_t row = 0; row < values.size(); row += width)
    for (const std::int64_t column : columns) kept.push_back(values[row + static_cast<std::size_t>(column)]);
  values = std::move(kept);
}

}  // namespace zoetrope::analysis
