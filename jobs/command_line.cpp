// SPDX-License-Identifier: Apache-2.0
#include "command_line.hpp"

#include <algorithm>
#include <array>
#include <filesystem>
#include <iterator>
#include <string_view>
#include <system_error>
#include <utility>

#include "zoetrope/support/error.hpp"
#include "zoetrope/support/text.hpp"

#include "jobs.hpp"
#include "option.hpp"
#include "option_groups.hpp"
#include "option_messages.hpp"
#include "options.hpp"

namespace zoetrope::jobs {

namespace fs = std::filesystem;
namespace po = boost::program_options;

namespace {

// What those type who know Hugging Face's Trainer, where our word is not near.
std::string word_of_trainers(const std::string& name) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 9> kWords = {
      {{"lr", "learning-rate"},
       {"steps", "max-steps"},
       {"num-epochs", "epochs"},
       {"num-train-epochs", "epochs"},
       {"output-dir", "run"},
       {"per-device-train-batch-size", "batch-size"},
       {"train-batch-size", "batch-size"},
       {"model-name-or-path", "model"},
       {"dataset-name", "data"}}};
  const auto* const found =
      std::ranges::find(kWords, name, &std::pair<std::string_view, std::string_view>::first);
  return found == kWords.end() ? "" : std::string(found->second);
}

[[noreturn]] void refuse_letter(const std::string& job, const std::string& letter,
                                const po::options_description& own) {
  std::string meant;
  for (const std::string& name : names_of(own))
    if (letter.size() == 1 && name.starts_with(letter) && (meant.empty() || name == "run")) meant = name;
  throw UsageError("unknown option -" + letter + (meant.empty() ? "" : ": did you mean --" + meant + "?") +
                   " ('zoetrope " + job + " --help all' lists all)");
}

[[noreturn]] void refuse_unknown(const std::string& job, std::string name,
                                 const po::options_description& own) {
  if (name.starts_with('-') && !name.starts_with("--")) refuse_letter(job, name.substr(1), own);
  while (name.starts_with('-')) name.erase(0, 1);
  name.resize(std::min(name.find('='), name.size()));
  std::string plain = name;
  std::ranges::replace(plain, '_', '-');
  Options ignored;
  const auto all = names_of(describe(ignored, kAllGroups));
  if (name == "embeddings" && job != kDoctor)
    throw UsageError("zoetrope " + job +
                     " takes no --embeddings: it computes them; those of your own are for "
                     "zoetrope analyze, render and review");
  if (std::find(all.begin(), all.end(), name) != all.end())
    throw UsageError("zoetrope " + job + " takes no --" + name + "; 'zoetrope " + job +
                     " --help all' lists what it takes");
  const auto takes = names_of(own);
  const std::string known = word_of_trainers(plain);
  const std::string near =
      std::ranges::find(takes, known) != takes.end() ? known : support::nearest_word(plain, takes);
  throw UsageError("unknown option --" + name + (near.empty() ? "" : ": did you mean --" + near + "?") +
                   " ('zoetrope " + job + " --help all' lists all)");
}

// Most often the run directory.
[[noreturn]] void refuse_unnamed(const std::string& job, const po::options_description& own,
                                 const std::vector<std::string>& arguments) {
  const auto parsed = po::command_line_parser(arguments).options(own).allow_unregistered().run();
  std::string unnamed, meant;
  for (const auto& option : parsed.options)
    if (option.position_key >= 0 && unnamed.empty()) unnamed = option.value.at(0);
  std::error_code error;
  if (fs::is_directory(unnamed, error)) meant = ": did you mean --run " + unnamed + "?";
  const auto place = std::ranges::find(arguments, unnamed);
  if (place != arguments.end() && place != arguments.begin() && std::prev(place)->ends_with(','))
    meant = ": a list has no spaces, give " + *std::prev(place) + unnamed;
  throw UsageError("'" + unnamed + "' is given without an option's name" + meant + " ('zoetrope " + job +
                   " --help all' lists all)");
}

}  // namespace

void store_command_line(const std::string& job, const po::options_description& own,
                        const std::vector<std::string>& arguments, po::variables_map& values) {
  try {
    // No guessing of abbreviations: what a script says today must mean the same after an update.
    const int style = po::command_line_style::unix_style & ~po::command_line_style::allow_guessing;
    po::store(po::command_line_parser(arguments).options(own).positional({}).style(style).run(), values);
  } catch (const po::unknown_option& error) {
    refuse_unknown(job, error.get_option_name(), own);
  } catch (const po::too_many_positional_options_error&) {
    refuse_unnamed(job, own, arguments);
  } catch (const po::error& error) {
    std::string given;
    for (const std::string& argument : arguments) given += argument + "\n";
    const std::string message = message_of(error, given, own);
    throw UsageError(message.starts_with("--") ? message : "command line: " + message);
  }
}

}  // namespace zoetrope::jobs
