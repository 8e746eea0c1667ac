// SPDX-License-Identifier: Apache-2.0
// The options as the command line and --help know them: each with its default and its line of help.
#pragma once

#include <boost/program_options.hpp>

#include "options.hpp"

namespace zoetrope::jobs {

// The options of `groups` and those of all jobs. Reading them fills `options`.
boost::program_options::options_description describe(Options& options, unsigned groups);

// Those of one group alone.
boost::program_options::options_description describe_data(Options& options);
boost::program_options::options_description describe_given(Options& options);
boost::program_options::options_description describe_split(Options& options);
boost::program_options::options_description describe_model(Options& options);
boost::program_options::options_description describe_training(Options& options);

}  // namespace zoetrope::jobs
