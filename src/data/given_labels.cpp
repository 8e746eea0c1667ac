// SPDX-License-Identifier: Apache-2.0
#include "given_labels.hpp"

#include <algorithm>
#include <set>
#include <utility>

#include "zoetrope/support/error.hpp"
#include "zoetrope/support/listing.hpp"
#include "zoetrope/support/text.hpp"

#include "class_names.hpp"
#include "raw_labels.hpp"

namespace zoetrope::data {
namespace fs = std::filesystem;

namespace {

constexpr std::size_t kMostClasses = 65534;  // more the page cannot tell apart

[[noreturn]] void fail_in_row(const fs::path& file, std::size_t row, const std::string& what) {
  throw InputError(file.string() + ": row " + std::to_string(row) + ": " + what);
}

// Values in ascending order, each once, and the place of each label among them.
template <typename Value>
std::vector<Value> number_by_place(const std::vector<Value>& labels, std::vector<std::int64_t>& places) {
  const std::set<Value> all(labels.begin(), labels.end());
  std::vector<Value> values(all.begin(), all.end());
  for (const Value& label : labels)
    places.push_back(std::ranges::lower_bound(values, label) - values.begin());
  return values;
}

// The classes that something names by number: each label must be one of them.
GivenLabels named_by_number(const fs::path& file, RawLabels raw, std::vector<std::string> class_names) {
  const auto count = static_cast<std::int64_t>(class_names.size());
  for (std::size_t i = 0; i < raw.numbers.size(); ++i)
    if (raw.numbers[i] < 0 || raw.numbers[i] >= count)
      fail_in_row(file, i,
                  "label " + std::to_string(raw.numbers[i]) + " is none of the classes 0 to " +
                      std::to_string(count - 1));
  return {std::move(raw.numbers), std::move(class_names), {}};
}

std::vector<std::string> numbers_up_to(std::int64_t count) {
  std::vector<std::string> names;
  for (std::int64_t i = 0; i < count; ++i) names.push_back(std::to_string(i));
  return names;
}

GivenLabels with_classes(const fs::path& file, RawLabels raw, std::int64_t num_classes) {
  GivenLabels labels;
  if (!raw.words.empty()) {
    labels.class_names = number_by_place(raw.words, labels.label);
    return labels;
  }
  const fs::path named = file.parent_path() / "class_names.txt";
  if (!raw.class_names.empty()) return named_by_number(file, raw, raw.class_names);
  if (support::exists(named)) return named_by_number(file, std::move(raw), read_class_names(named));
  if (num_classes > 0) return named_by_number(file, std::move(raw), numbers_up_to(num_classes));
  for (const std::int64_t value : number_by_place(raw.numbers, labels.label))
    labels.class_names.push_back(std::to_string(value));
  return labels;
}

}  // namespace

GivenLabels read_given_labels(const fs::path& file, const std::string& column, std::int64_t count,
                              std::int64_t num_classes) {
  RawLabels raw = read_raw_labels(file, column, count);
  if (static_cast<std::int64_t>(raw.size()) != count)
    throw InputError(file.string() + ": has " + support::format_count(static_cast<std::int64_t>(raw.size())) +
                     " labels, and there are embeddings of " + support::format_count(count) + " rows");
  std::vector<std::string> names = std::move(raw.names);
  GivenLabels labels = with_classes(file, std::move(raw), num_classes);
  labels.names = std::move(names);
  if (labels.class_names.size() > kMostClasses)
    throw InputError(file.string() + ": has " +
                     support::format_count(static_cast<std::int64_t>(labels.class_names.size())) +
                     " classes; at most " + support::format_count(kMostClasses) + " can be told apart");
  return labels;
}

}  // namespace zoetrope::data
