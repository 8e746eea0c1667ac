// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include <boost/program_options.hpp>

namespace zoetrope::jobs {

// What Boost says is wrong with what was `given`. It puts that in place of its placeholders until none is
// left, which would be never where one has been given: then another text.
std::string message_of(const boost::program_options::error& error, const std::string& given);

}  // namespace zoetrope::jobs
