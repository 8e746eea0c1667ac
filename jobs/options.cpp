// SPDX-License-Identifier: Apache-2.0
#include "options.hpp"

#include <algorithm>
#include <charconv>
#include <map>
#include <sstream>

#include <boost/program_options.hpp>

#include "zoetrope/store/run_ini.hpp"
#include "zoetrope/support/error.hpp"

#include "command_line.hpp"
#include "ini_files.hpp"
#include "option.hpp"
#include "option_groups.hpp"
#include "place.hpp"

namespace zoetrope::jobs {

namespace po = boost::program_options;
namespace fs = std::filesystem;

namespace {

// Not in run.ini: where it lies, and how it is talked about.
bool shapes_the_run(const po::option_description& option, const Options& options) {
  if (option.long_name() == "epochs") return !options.has_max_steps();
  if (option.long_name() == "max-steps") return options.has_max_steps();
  return !has(option, kNotKept);
}

std::string text_of(const boost::any& value) {
  if (const auto* text = boost::any_cast<std::string>(&value)) return *text;
  if (const auto* place = boost::any_cast<Place>(&value)) return from_any_folder(place->text);
  if (const auto* number = boost::any_cast<std::int64_t>(&value)) return std::to_string(*number);
  if (const auto* number = boost::any_cast<int>(&value)) return std::to_string(*number);
  if (const auto* flag = boost::any_cast<bool>(&value)) return *flag ? "true" : "false";
  // The shortest text that reads back as the same number.
  char buffer[32];
  const auto end = std::to_chars(buffer, buffer + sizeof buffer, boost::any_cast<double>(value)).ptr;
  return {buffer, end};
}

// What run.ini says of how other jobs compute is not asked of this one.
void leave_out_other_groups(Options& options) {
  pipeline::Options& asked = options.pipeline;
  asked.trains = (options.groups & kTraining) != 0;
  if ((options.groups & kDevice) == 0) asked.compute.device.reset();
  if ((options.groups & kRendering) == 0) asked.render.regions = false;
  if ((options.groups & kForward) != 0) return;
  asked.compute.backend = pipeline::Backend::kAuto;
  asked.compute.precision.reset();
}

// The names and values of an INI file that has been read without complaint.
std::map<std::string, std::string> values_of(const std::string& ini, const po::options_description& all) {
  std::istringstream lines(ini);
  std::map<std::string, std::string> values;
  for (const auto& option : po::parse_config_file(lines, all).options)
    if (!option.value.empty()) values.try_emplace(option.string_key, option.value.front());
  return values;
}

// Whether the job's run.ini takes the option's value of now: a job that trains keeps all that it takes,
// another one the data that the run is of.
bool is_kept(const std::string& name, unsigned groups, const std::vector<std::string>& data_names) {
  if ((groups & kTraining) != 0) return true;
  return (groups & kData) != 0 && std::ranges::find(data_names, name) != data_names.end();
}

// Of --max-steps and --epochs the one counts that stands closest to the command line; the other is then from
// nowhere.
class StepsOrEpochs {
 public:
  // After each source, from the closest on.
  void look_at(const po::variables_map& values) {
    if (!counting_.empty()) return;
    for (const char* name : {"max-steps", "epochs"})
      if (is_given(values, name)) counting_ = name;
  }
  void settle(Options& options) const {
    if (counting_ == "epochs") options.pipeline.training.max_steps = 0;
    if (counting_ == "max-steps" && !options.has_max_steps()) return;
    const std::string other = counting_ == "epochs" ? "max-steps" : "epochs";
    if (!counting_.empty()) std::erase_if(options.origins, [&](const Origin& o) { return o.name == other; });
  }

 private:
  std::string counting_;
};

// What only the command line says: one that contradicts itself, and one that asks for another analysis.
void look_at_command_line(const po::variables_map& values, const po::options_description& own,
                          Options& options) {
  if (is_given(values, "max-steps") && is_given(values, "epochs"))
    throw UsageError("--max-steps and --epochs contradict one another: give one");
  options.pipeline.analysis.is_asked_for = std::ranges::any_of(
      names_with(kReanalyzes, own), [&](const std::string& name) { return is_given(values, name.c_str()); });
}

// Options of the command line that change nothing, whatever they say.
void warn_of_idle_options(const po::variables_map& typed, Options& options) {
  const auto warn = [&](const char* name, bool is_idle, const std::string& what) {
    if (is_idle && is_given(typed, name))
      options.warnings.push_back("--" + std::string(name) + " changes nothing: " + what);
  };
  const pipeline::Options& o = options.pipeline;
  warn("train-sample", o.embedding.split == pipeline::SplitChoice::kTest,
       "training images are shown with --split both or train");
  warn("smoothness", pipeline::placement_of(o).projection != pipeline::Projection::kSmooth,
       "it is of --projection smooth");
  warn("title", o.render.layout == render::Layout::kPlot, "--layout plot shows none");
}

// Given embeddings have no images but those that somebody names, with --images or as a run's --data.
void settle_given(pipeline::Options& options, const po::variables_map& asked_for,
                  const po::variables_map& values) {
  pipeline::GivenOptions& given = options.given;
  given.takes_in = is_given(asked_for, "embeddings");
  if (given.embeddings.empty() || !is_given(values, "data")) return;
  if (given.images.empty()) given.images = options.data.spec;
  if (is_given(asked_for, "data") && given.images != options.data.spec)
    throw UsageError("--images and --data name different images: give one of them");
}

// What run.ini, which said `earlier`, is to hold once the job's options have proven good.
store::NamedValues values_to_keep(const Options& options, const po::variables_map& values,
                                  const po::options_description& all,
                                  const std::map<std::string, std::string>& earlier) {
  Options ignored;
  const auto data_names = names_of(describe_data(ignored).add(describe_split(ignored)));
  store::NamedValues kept;
  for (const auto& option : all.options()) {
    if (!shapes_the_run(*option, options)) continue;
    const std::string& name = option->long_name();
    const auto found = earlier.find(name);
    const pipeline::GivenOptions& given = options.pipeline.given;
    if (name == "data" && !given.embeddings.empty()) {
      if (!given.images.empty()) kept.emplace_back(name, from_any_folder(given.images));
    } else if (has(*option, kOwnEmbeddings)) {
      if (const std::string text = text_of(values[name].value()); !text.empty())
        kept.emplace_back(name, text);
    } else if (is_kept(name, options.groups, data_names)) {
      kept.emplace_back(name, text_of(values[name].value()));
    } else if (found != earlier.end()) {
      kept.emplace_back(*found);
    }
  }
  return kept;
}

// Whether run.ini, which the job has found, names the model that it is to keep; both name none of the
// default.
bool names_model_of_run(const store::NamedValues& kept, const std::map<std::string, std::string>& earlier) {
  if (earlier.empty()) return false;
  const auto now = std::ranges::find(kept, std::string("model"), &store::NamedValues::value_type::first);
  const auto before = earlier.find("model");
  return (now == kept.end() ? "" : now->second) == (before == earlier.end() ? "" : before->second);
}

// A training cannot go on without its options, so what could not be kept is refused before it begins.
void keep(const po::variables_map& values, const po::options_description& all, const std::string& run_ini,
          Options& options) {
  pipeline::Options& asked = options.pipeline;
  const auto earlier = values_of(run_ini, all);
  asked.kept = values_to_keep(options, values, all, earlier);
  asked.model_has_name_of_run = names_model_of_run(asked.kept, earlier);
  if (const std::string problem = store::unkept_value(asked.kept); asked.trains && !problem.empty())
    throw UsageError(problem);
}

}  // namespace

Options parse_options(const std::string& job, unsigned groups, const std::vector<std::string>& arguments,
                      const IniTexts& inis) {
  Options options;
  const auto own = describe(options, groups);
  const auto all = describe(options, kAllGroups);
  po::variables_map values;  // what is stored first wins
  store_command_line(job, own, arguments, values);

  look_at_command_line(values, own, options);
  const po::variables_map typed = values;
  StepsOrEpochs length;
  length.look_at(values);
  const auto store_named = [&](const fs::path& file, const std::string& text) {
    const po::variables_map before = values;
    store_ini(file, text, all, values);
    for (const auto& [name, value] : values)
      if (!value.defaulted() && !is_given(before, name.c_str()))
        options.origins.push_back({name, file.string(), text_of(value.value())});
    length.look_at(values);
  };
  if (is_given(values, "config")) store_named(values["config"].as<Place>().text, inis.config);
  const po::variables_map asked_for = values;
  if (is_given(values, "run")) store_named(run_ini_of(values), inis.run);
  po::store(po::parsed_options(&all), values);  // the defaults of other jobs' options
  options.groups = groups;
  if (!inis.note.empty()) options.warnings.push_back(inis.note);
  try {
    po::notify(values);
    length.settle(options);
    settle_given(options.pipeline, asked_for, values);
    warn_of_idle_options(typed, options);
    check(options);
  } catch (const UsageError& error) {
    throw UsageError(with_origins(error.what(), options));
  }
  leave_out_other_groups(options);
  keep(values, all, inis.run, options);
  return options;
}

std::int64_t timeout_of(const std::vector<std::string>& arguments, const std::string& job, unsigned groups) {
  Options options;
  po::variables_map values;
  store_command_line(job, describe(options, groups), arguments, values);
  const auto timeout = values["timeout"].as<std::int64_t>();
  check_timeout(timeout);
  return timeout;
}

}  // namespace zoetrope::jobs
