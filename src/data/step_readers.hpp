// SPDX-License-Identifier: Apache-2.0
// One function per form of open_step_arrays(), and what they have in common.
#pragma once

#include <cstdint>
#include <filesystem>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "zoetrope/data/step_arrays.hpp"

#include "npy_header.hpp"

namespace zoetrope::data {

std::unique_ptr<StepArrays> open_npy_folder(const std::filesystem::path& folder, const std::string& word);
std::unique_ptr<StepArrays> open_npz_file(const std::filesystem::path& file, const std::string& word);
std::unique_ptr<StepArrays> open_hdf5_arrays(const std::filesystem::path& file, const std::string& word);
std::unique_ptr<StepArrays> open_parquet_arrays(const std::filesystem::path& file, const std::string& word);

inline constexpr std::int64_t kMostSteps = 999'999'999'999'999;  // a double counts them without gaps

// Of "20", "step_20", "step-020", "checkpoint-20", "<word>_20"; none for another name.
std::optional<std::int64_t> step_in_name(std::string_view name, const std::string& word);

// InputError where the array has other than two dimensions, no row or no column, or where `type` is none of
// floating-point numbers.
ArrayInfo array_info(const std::string& place, const NumberType& type,
                     const std::vector<std::uint64_t>& shape);

// All numbers of an array whose header `next` is behind; `believed` bytes as FloatRows has it.
std::vector<float> read_rows(const ArrayInfo& array, const NpyHeader& header, const NextBytes& next,
                             std::int64_t believed = std::numeric_limits<std::int64_t>::max());

}  // namespace zoetrope::data
