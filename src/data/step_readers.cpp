// SPDX-License-Identifier: Apache-2.0
#include "step_readers.hpp"

#include <algorithm>
#include <charconv>
#include <limits>
#include <utility>

#include "zoetrope/support/error.hpp"

namespace zoetrope::data {
namespace fs = std::filesystem;

namespace {

constexpr std::size_t kBytesAtOnce = std::size_t{1} << 22;
constexpr std::size_t kMostDigits = 15;  // of kMostSteps

std::string words_for(std::uint64_t dimensions) {
  return std::to_string(dimensions) + (dimensions == 1 ? " dimension" : " dimensions");
}

}  // namespace

void StepArrays::add(std::int64_t step, ArrayInfo array) {
  const std::string place = array.place;
  const auto [found, is_new] = steps_.emplace(step, std::move(array));
  if (!is_new)
    throw InputError(place + ": is of step " + std::to_string(step) + ", as is " + found->second.place +
                     ": remove one of them");
}

std::optional<std::int64_t> step_in_name(std::string_view name, const std::string& word) {
  std::string_view digits = name;
  for (const std::string& prefix : {std::string("step"), std::string("checkpoint"), word,
                                    std::string(word == "embeddings" ? "embedding" : "step")})
    for (const char mark : {'_', '-'})
      if (name.starts_with(prefix + mark)) digits = name.substr(prefix.size() + 1);
  const bool is_number =
      !digits.empty() && std::ranges::all_of(digits, [](char c) { return '0' <= c && c <= '9'; });
  while (digits.size() > 1 && digits[0] == '0') digits.remove_prefix(1);
  if (!is_number || digits.size() > kMostDigits) return std::nullopt;
  std::int64_t step = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), step);
  return step;
}

ArrayInfo array_info(const std::string& place, const NumberType& type,
                     const std::vector<std::uint64_t>& shape) {
  constexpr auto kMost = static_cast<std::uint64_t>(std::numeric_limits<std::int32_t>::max());
  if (type.kind != 'f')
    throw InputError(place + ": holds " + name_of(type) + "; float16, float32 or float64 is expected");
  if (shape.size() != 2)
    throw InputError(place + ": has " + words_for(shape.size()) +
                     "; two are expected: a row for each thing that was embedded");
  if (std::ranges::any_of(shape, [](std::uint64_t size) { return size == 0 || size > kMost; }))
    throw InputError(place + ": is of " + std::to_string(shape[0]) + " x " + std::to_string(shape[1]) +
                     ", with no rows, no columns or too many");
  return {place, name_of(type), static_cast<std::int64_t>(shape[0]), static_cast<std::int64_t>(shape[1])};
}

std::vector<float> read_rows(const ArrayInfo& array, const NpyHeader& header, const NextBytes& next,
                             std::int64_t believed) {
  FloatRows rows(array, header.type, header.is_by_columns, believed);
  std::vector<std::byte> block(std::min<std::uint64_t>(kBytesAtOnce, header.num_numbers * header.type.bytes));
  for (std::uint64_t left = header.num_numbers * header.type.bytes; left > 0; left -= block.size()) {
    block.resize(std::min<std::uint64_t>(block.size(), left));
    next(block);
    rows.add(block);
  }
  return rows.take();
}

}  // namespace zoetrope::data
