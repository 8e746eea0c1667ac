// SPDX-License-Identifier: Apache-2.0
#include "option.hpp"

#include <boost/make_shared.hpp>

namespace zoetrope::jobs {

namespace po = boost::program_options;

void OptionAdder::operator()(const char* name, const po::value_semantic* value, const char* help,
                             unsigned traits) const {
  group_.add(boost::make_shared<Option>(name, value, help, traits));
}

bool has(const po::option_description& option, Trait trait) {
  const auto* described = dynamic_cast<const Option*>(&option);
  return described != nullptr && described->has(trait);
}

std::vector<std::string> names_of(const po::options_description& description) {
  std::vector<std::string> names;
  for (const auto& option : description.options()) names.push_back(option->long_name());
  return names;
}

std::vector<std::string> names_with(Trait trait, const po::options_description& description) {
  std::vector<std::string> names;
  for (const auto& option : description.options())
    if (has(*option, trait)) names.push_back(option->long_name());
  return names;
}

}  // namespace zoetrope::jobs
