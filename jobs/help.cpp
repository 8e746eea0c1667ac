// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <sstream>
#include <string_view>

#include "option.hpp"
#include "option_groups.hpp"
#include "option_values.hpp"
#include "options.hpp"

namespace zoetrope::jobs {

namespace po = boost::program_options;

namespace {

struct Example {
  std::string_view job;
  std::string_view text;
};
constexpr std::array<Example, 6> kExamples = {{
    {"run",
     "zoetrope run --run runs/first --model path/to/vit-base-patch16-224-in21k --data cifar10:path/to/"
     "cifar-10-batches-bin"},
    {"finetune", "zoetrope finetune --run runs/first --data folder:path/to/images --epochs 3"},
    {"extract", "zoetrope extract --run runs/first"},
    {"analyze", "zoetrope analyze --run runs/first --projection joint"},
    {"render", "zoetrope render --run runs/first --format gif,mp4 --duration 10"},
    {"review", "zoetrope review --run runs/first --export spotlight"},
}};

}  // namespace

std::string help_text(const std::string& job, const std::string& purpose, unsigned groups, bool all) {
  Options defaults;
  const po::options_description described = describe(defaults, groups);
  std::ostringstream text;
  text << "zoetrope " << job << ": " << purpose << "\n\n";
  if (all) {
    text << described;
    return text.str();
  }
  po::options_description common("Common options", kLineLength);
  for (const auto& option : described.options())
    if (has(*option, kCommon)) common.add(option);
  text << common << "\n";
  for (const Example& example : kExamples)
    if (example.job == job) text << "Example:\n  " << example.text << "\n\n";
  text << "'zoetrope " << job << " --help all' lists all " << described.options().size() << " options.\n";
  return text.str();
}

}  // namespace zoetrope::jobs
