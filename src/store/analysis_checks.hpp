// SPDX-License-Identifier: Apache-2.0
// What an analysis.h5 can hold: who reads it refuses all else, and so who writes it writes nothing else.
#pragma once

#include <filesystem>
#include <functional>
#include <string>

#include "zoetrope/store/analysis_file.hpp"

namespace zoetrope::store {

// Throws, with a dataset's name, without its "/", and what is wrong with it.
using Refuse = std::function<void(const std::string& name, const std::string& what)>;

// There is a frame and an image, and what comes together is there together. Of shapes that fit one another.
void check_members(const Analysis& analysis, const Refuse& refuse);
// Numbers that are no indices. Losses and curves may be anything: what is not finite is not drawn.
void check_numbers(const Analysis& analysis, const Refuse& refuse);
// Every number that is used as an index is one.
void check_indices(const Analysis& analysis, const Refuse& refuse);

// As write_analysis(), whatever the analysis holds.
void write_unchecked_analysis(const std::filesystem::path& path, const Analysis& analysis);

}  // namespace zoetrope::store
