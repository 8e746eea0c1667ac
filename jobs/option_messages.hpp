// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include <boost/program_options.hpp>

namespace zoetrope::jobs {

// What is wrong with what was `given` for options of `described`: of a value that cannot be read, which kind
// is expected, else what Boost says. It puts what is given in place of its placeholders until none is left,
// which would be never where one has been given: then another text.
std::string message_of(const boost::program_options::error& error, const std::string& given,
                       const boost::program_options::options_description& described);

}  // namespace zoetrope::jobs
