// SPDX-License-Identifier: Apache-2.0
// The words of a command line as options, and what to say of those that are none.
#pragma once

#include <string>
#include <vector>

#include <boost/program_options.hpp>

namespace zoetrope::jobs {

// Reads `arguments` of `job`, which takes the options `own`. UsageError on one that is unknown, or another
// job's, or has no value.
void store_command_line(const std::string& job, const boost::program_options::options_description& own,
                        const std::vector<std::string>& arguments,
                        boost::program_options::variables_map& values);

}  // namespace zoetrope::jobs
