// SPDX-License-Identifier: Apache-2.0
// Options in INI files: --config FILE and RUN/run.ini.
#pragma once

#include <filesystem>
#include <string>

#include <boost/program_options.hpp>

namespace zoetrope::jobs {

// Adds the values of the file at `path`, whose text is `text`, where `values` has none yet. InputError names
// the file and what is wrong in it; UsageError where two of its options contradict one another.
void store_ini(const std::filesystem::path& path, const std::string& text,
               const boost::program_options::options_description& all,
               boost::program_options::variables_map& values);

// Whether `values` has the option from somewhere else than its default.
bool is_given(const boost::program_options::variables_map& values, const char* name);

// RUN/run.ini; --run must be given.
std::filesystem::path run_ini_of(const boost::program_options::variables_map& values);

}  // namespace zoetrope::jobs
