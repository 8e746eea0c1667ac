// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include <boost/program_options.hpp>

namespace zoetrope::jobs {

// What Boost says is wrong with what was `given`. It puts that in place of its placeholders until none is
// left, which would be never where one has been given: then another text.
std::string message_of(const boost::program_options::error& error, const std::string& given);

// Their long names.
std::vector<std::string> names_of(const boost::program_options::options_description& description);

// UsageError: an option that `job`, which takes `own`, does not know.
[[noreturn]] void refuse_unknown(const std::string& job, std::string name,
                                 const boost::program_options::options_description& own);
// UsageError: what stands without an option's name, most often the run directory.
[[noreturn]] void refuse_unnamed(const std::string& job,
                                 const boost::program_options::options_description& own,
                                 const std::vector<std::string>& arguments);

}  // namespace zoetrope::jobs
