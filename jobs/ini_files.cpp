// SPDX-License-Identifier: Apache-2.0
#include "ini_files.hpp"

#include <algorithm>
#include <sstream>

#include "zoetrope/store/run_ini.hpp"
#include "zoetrope/support/error.hpp"
#include "zoetrope/support/files.hpp"
#include "zoetrope/support/listing.hpp"
#include "zoetrope/support/text.hpp"

#include "command_line.hpp"
#include "option.hpp"
#include "option_groups.hpp"
#include "option_messages.hpp"
#include "options.hpp"
#include "place.hpp"

namespace zoetrope::jobs {

namespace po = boost::program_options;
namespace fs = std::filesystem;

namespace {

// "train.max-steps" is max-steps below [train].
void refuse_sections(const fs::path& path, const std::string& name) {
  const auto point = name.find('.');
  if (point == std::string::npos) return;
  throw InputError(path.string() + ": [" + name.substr(0, point) +
                   "]: options stand in no sections; leave that line out");
}

// As on the command line; 0 steps are no number of them.
void refuse_contradiction(const fs::path& path, const po::parsed_options& parsed) {
  const auto sets = [&](const std::string& name) {
    return std::ranges::any_of(parsed.options, [&](const po::option& option) {
      return option.string_key == name && !option.value.empty() && option.value.front() != "0";
    });
  };
  if (sets("max-steps") && sets("epochs"))
    throw UsageError(path.string() + ": --max-steps and --epochs contradict one another: give one");
}

// What looks for a job's run directory, as job scripts do, looks on the command line.
void refuse_run(const fs::path& path, const po::parsed_options& parsed) {
  for (const po::option& option : parsed.options)
    if (option.string_key == "run")
      throw UsageError(path.string() + ": run: give --run on the command line, and leave that line out");
}

}  // namespace

void store_ini(const fs::path& path, const std::string& text, const po::options_description& all,
               po::variables_map& values) {
  std::istringstream lines(text);
  try {
    const auto parsed = po::parse_config_file(lines, all);
    refuse_contradiction(path, parsed);
    refuse_run(path, parsed);
    po::store(parsed, values);
  } catch (const po::unknown_option& error) {
    refuse_sections(path, error.get_option_name());
    const std::string near = support::nearest_word(error.get_option_name(), names_of(all));
    throw InputError(path.string() + ": unknown option " + error.get_option_name() +
                     (near.empty() ? "" : "; did you mean " + near + "?"));
  } catch (const po::error& error) {
    throw InputError(path.string() + ": " + message_of(error, text, all));
  }
}

bool is_given(const po::variables_map& values, const char* name) {
  return values.count(name) > 0 && !values[name].defaulted();
}

fs::path run_ini_of(const po::variables_map& values) {
  return fs::path(values["run"].as<Place>().text) / "run.ini";
}

namespace {

bool can_be_used(const fs::path& path, const std::string& text) {
  try {
    Options ignored;
    const auto all = describe(ignored, kAllGroups);
    po::variables_map values;
    store_ini(path, text, all, values);
    return true;
  } catch (const Error&) {
    return false;
  }
}

// The text of an INI file as it is to be used. One flipped bit that makes no option of it is taken back,
// which `note` then says; where it makes another option, a person may have done it, and is asked.
std::string checked(const fs::path& path, const std::string& text, std::string& note) {
  using State = store::IniCheck::State;
  if (path.filename() == "run.ini" && store::is_blank_ini(text))
    throw InputError(path.string() + ": is empty; delete it, and give the options again");
  const store::IniCheck check = store::check_run_ini(text);
  if (check.state == State::kCut)
    throw InputError(
        path.string() +
        ": is cut, its last line with the digest is gone; restore it from a copy, or delete it and "
        "give the options again; where you have edited it, delete its first line");
  if (check.state != State::kFlipped) return text;
  const std::string place = path.string() + ": line " + std::to_string(check.line) + ": ";
  if (!check.line_before.starts_with('#') && can_be_used(path, text))
    throw InputError(place + "\"" + check.line_now + "\" was \"" + check.line_before +
                     "\" when zoetrope wrote it; put that back, or, where the change is yours, delete the "
                     "file's first line");
  note = place + "is damaged, and read as \"" + check.line_before + "\", which it was";
  return check.original;
}

}  // namespace

IniTexts read_ini_files(const std::string& job, unsigned groups, const std::vector<std::string>& arguments) {
  constexpr std::size_t kMostBytes = std::size_t{1} << 20;
  Options ignored;
  po::variables_map values;
  store_command_line(job, describe(ignored, groups), arguments, values);
  IniTexts inis;
  if (is_given(values, "config")) {
    const std::string file = values["config"].as<Place>().text;
    inis.config = checked(file, support::read_file(file, kMostBytes), inis.note);
  }
  if (is_given(values, "run") && support::exists(run_ini_of(values)))
    inis.run = checked(run_ini_of(values), support::read_file(run_ini_of(values), kMostBytes), inis.note);
  return inis;
}

}  // namespace zoetrope::jobs
