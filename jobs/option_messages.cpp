// SPDX-License-Identifier: Apache-2.0
#include "option_messages.hpp"

#include <algorithm>
#include <filesystem>

#include "zoetrope/support/error.hpp"
#include "zoetrope/support/text.hpp"

#include "option_groups.hpp"

namespace zoetrope::jobs {

namespace {

// Whether a text holds a word between percent signs: a placeholder of Boost's messages, %value% for one, or
// what looks like it.
bool holds_placeholder(const std::string& text) {
  for (std::size_t begin = text.find('%'); begin != std::string::npos;) {
    const std::size_t end = text.find('%', begin + 1);
    if (end == std::string::npos) return false;
    if (text.find_first_not_of("abcdefghijklmnopqrstuvwxyz_", begin + 1) == end && end > begin + 1)
      return true;
    begin = end;
  }
  return false;
}

}  // namespace

std::string message_of(const boost::program_options::error& error, const std::string& given) {
  return holds_placeholder(given)
             ? "an option or its value cannot be read (beside it there is a word between "
               "percent signs; leave that out to see which)"
             : error.what();
}

std::vector<std::string> names_of(const po::options_description& description) {
  std::vector<std::string> names;
  for (const auto& option : description.options()) names.push_back(option->long_name());
  return names;
}

void refuse_unknown(const std::string& job, std::string name, const po::options_description& own) {
  while (name.starts_with('-')) name.erase(0, 1);
  Options ignored;
  const auto all = names_of(describe(ignored, kAllGroups));
  if (name == "embeddings")
    throw UsageError("zoetrope " + job +
                     " takes no --embeddings: it computes them; those of your own are for "
                     "zoetrope analyze, render and review");
  if (std::find(all.begin(), all.end(), name) != all.end())
    throw UsageError("zoetrope " + job + " takes no --" + name + "; 'zoetrope " + job +
                     " --help all' lists what it takes");
  const std::string near = support::nearest_word(name, names_of(own));
  throw UsageError("unknown option --" + name + (near.empty() ? "" : ": did you mean --" + near + "?") +
                   " ('zoetrope " + job + " --help all' lists all)");
}

void refuse_unnamed(const std::string& job, const po::options_description& own,
                    const std::vector<std::string>& arguments) {
  const auto parsed = po::command_line_parser(arguments).options(own).allow_unregistered().run();
  std::string unnamed, meant;
  for (const auto& option : parsed.options)
    if (option.position_key >= 0 && unnamed.empty()) unnamed = option.value.at(0);
  std::error_code error;
  if (fs::is_directory(unnamed, error)) meant = ": did you mean --run " + unnamed + "?";
  throw UsageError("zoetrope " + job + ": '" + unnamed + "' is given without an option's name" + meant +
                   " ('zoetrope " + job + " --help all' lists all)");
}

}  // namespace zoetrope::jobs
