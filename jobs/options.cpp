// SPDX-License-Identifier: Apache-2.0
#include "options.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>
#include <sstream>

#include <boost/program_options.hpp>

#include "zoetrope/render/animation.hpp"
#include "zoetrope/render/frame.hpp"
#include "zoetrope/review/export.hpp"
#include "zoetrope/support/error.hpp"
#include "zoetrope/support/files.hpp"
#include "zoetrope/support/text.hpp"

#include "option_groups.hpp"

namespace zoetrope::jobs {

namespace po = boost::program_options;
namespace fs = std::filesystem;

namespace {

constexpr unsigned kAllGroups = ~0U;

std::vector<std::string> names_of(const po::options_description& description) {
  std::vector<std::string> names;
  for (const auto& option : description.options()) names.push_back(option->long_name());
  return names;
}

[[noreturn]] void refuse_unknown(const std::string& job, std::string name,
                                 const po::options_description& own) {
  while (name.starts_with('-')) name.erase(0, 1);
  Options ignored;
  const auto all = names_of(describe(ignored, kAllGroups));
  if (std::find(all.begin(), all.end(), name) != all.end())
    throw UsageError("zoetrope " + job + " takes no --" + name + "; 'zoetrope " + job +
                     " --help' lists what it takes");
  const std::string near = support::nearest_word(name, names_of(own));
  throw UsageError("unknown option --" + name + (near.empty() ? "" : ": did you mean --" + near + "?") +
                   " ('zoetrope " + job + " --help' lists all)");
}

void store_command_line(const std::string& job, const po::options_description& own,
                        const std::vector<std::string>& arguments, po::variables_map& values) {
  try {
    // No guessing of abbreviations: what a script says today must mean the same after an update.
    const int style = po::command_line_style::unix_style & ~po::command_line_style::allow_guessing;
    po::store(po::command_line_parser(arguments).options(own).positional({}).style(style).run(), values);
  } catch (const po::unknown_option& error) {
    refuse_unknown(job, error.get_option_name(), own);
  } catch (const po::too_many_positional_options_error&) {
    throw UsageError("zoetrope " + job + ": what is given without an option's name is not understood");
  } catch (const po::error& error) {
    throw UsageError(std::string("command line: ") + error.what());
  }
}

void store_ini(const fs::path& path, const std::string& text, const po::options_description& all,
               po::variables_map& values) {
  std::istringstream lines(text);
  try {
    po::store(po::parse_config_file(lines, all), values);
  } catch (const po::unknown_option& error) {
    const std::string near = support::nearest_word(error.get_option_name(), names_of(all));
    throw InputError(path.string() + ": unknown option " + error.get_option_name() +
                     (near.empty() ? "" : "; did you mean " + near + "?"));
  } catch (const po::error& error) {
    throw InputError(path.string() + ": " + error.what());
  }
}

void require(bool condition, const std::string& message) {
  if (!condition) throw UsageError(message);
}

// The words between commas, each once.
std::vector<std::string> words_of(const std::string& list) {
  std::vector<std::string> words;
  std::istringstream text(list);
  for (std::string word; std::getline(text, word, ',');)
    if (std::find(words.begin(), words.end(), word) == words.end()) words.push_back(word);
  return words;
}

void require_word(const std::string& option, const std::string& value,
                  const std::vector<std::string>& allowed) {
  if (std::find(allowed.begin(), allowed.end(), value) != allowed.end()) return;
  std::string list;
  for (const std::string& word : allowed) list += (list.empty() ? "" : ", ") + word;
  throw UsageError("--" + option + " " + value + ": choose one of " + list);
}

void check(const Options& o) {
  constexpr std::int64_t kMost = std::int64_t{1} << 30, kMostThreads = 4096;
  require(!o.run.empty(), "--run is required: the directory to work in");
  require(o.train_limit >= 0 && o.test_limit >= 0, "--train-limit and --test-limit must not be negative");
  require(o.test_limit != 1, "--test-limit 1: a picture takes two test images or more; 0 takes all");
  require(o.max_steps >= 0, "--max-steps must not be negative");
  require(o.epochs > 0 && o.epochs <= kMost, "--epochs must be positive, and at most 2^30");
  require(o.batch_size > 0 && o.batch_size <= kMost, "--batch-size must be positive, and at most 2^30");
  require(o.micro_batch >= 0, "--micro-batch must not be negative");
  require(o.learning_rate > 0 && std::isfinite(o.learning_rate),
          "--learning-rate must be positive and finite");
  require(o.weight_decay >= 0 && std::isfinite(o.weight_decay),
          "--weight-decay must be finite and not negative");
  require(o.warmup_ratio >= 0 && o.warmup_ratio < 1, "--warmup-ratio must be at least 0 and below 1");
  require(o.max_grad_norm >= 0, "--max-grad-norm must not be negative");
  require(o.save_steps > 0 && o.logging_steps > 0, "--save-steps and --logging-steps must be positive");
  require(o.keep_optimizer > 0, "--keep-optimizer must be positive: an interrupted run goes on from there");
  require(o.threads >= 0 && o.threads <= kMostThreads, "--threads must be 0 to 4096");
  require(o.neighbours > 0, "--neighbours must be positive");
  require(o.outliers >= 0, "--outliers must not be negative");
  require(o.fps > 0 && o.fps <= 100, "--fps must be above 0 and at most 100");
  require(o.tween >= 0 && o.tween <= 1000, "--tween must be 0 to 1000");
  require(o.timeout > 0, "--timeout must be positive");
  require(o.image_cache >= 0 && o.image_cache <= (std::int64_t{1} << 30),
          "--image-cache must be 0 to 2^30 MiB");
  require_word("augment", o.augment, {"none", "flip-crop"});
  require_word("save", o.save, {"full", "in-situ"});
  require_word("cuda-graph", o.cuda_graph, {"auto", "on", "off"});
  require_word("precision", o.precision, {"auto", "fp32", "tf32", "bf16"});
  require_word("device", o.device, {"auto", "cpu", "cuda"});
  require_word("backend", o.backend, {"auto", "mpi", "nccl"});
  require_word("align", o.align, {"previous", "first", "last", "none"});
  require_word("projection", o.projection, {"each", "last", "joint"});
  require_word("layout", o.layout, {"wide", "article"});
  require_word("theme", o.theme, {"light", "dark"});
  require(o.layout != "article" || o.theme == "light", "--layout article is light: leave out --theme dark");
  require(!o.formats().empty(), "--format must name one or more of gif, mp4, webp");
  for (const std::string& format : o.formats()) require_word("format", format, {"gif", "mp4", "webp"});
  for (const std::string& format : o.exports()) require_word("export", format, review::export_formats());
  o.picture_size();
}

// What the pictures need, which a job that draws them does at its end.
void check_rendering(const Options& o) {
  const auto [width, height] = o.picture_size();
  if (o.layout == "wide") render::check_picture_size(width, height);
  for (const std::string& format : o.formats()) {
    render::AnimationOptions animation;
    animation.format = format;
    animation.fps = o.fps;
    render::check_animation_options(animation);
  }
}

// Not in run.ini: where it lies, and how it is talked about.
bool shapes_the_run(const std::string& name, const Options& options) {
  if (name == "epochs") return !options.has_max_steps();
  if (name == "max-steps") return options.has_max_steps();
  const std::vector<std::string> others = {"help",    "run",           "live",  "export",    "config",
                                           "timeout", "check-options", "quiet", "log-level", "no-progress"};
  return std::find(others.begin(), others.end(), name) == others.end();
}

bool is_given(const po::variables_map& values, const char* name) {
  return values.count(name) > 0 && !values[name].defaulted();
}

fs::path run_ini_of(const po::variables_map& values) {
  return fs::path(values["run"].as<std::string>()) / "run.ini";
}

std::string text_of(const boost::any& value) {
  if (const auto* text = boost::any_cast<std::string>(&value)) return *text;
  if (const auto* number = boost::any_cast<std::int64_t>(&value)) return std::to_string(*number);
  if (const auto* number = boost::any_cast<std::uint64_t>(&value)) return std::to_string(*number);
  if (const auto* number = boost::any_cast<int>(&value)) return std::to_string(*number);
  if (const auto* flag = boost::any_cast<bool>(&value)) return *flag ? "true" : "false";
  // The shortest text that reads back as the same number.
  char buffer[32];
  const auto end = std::to_chars(buffer, buffer + sizeof buffer, boost::any_cast<double>(value)).ptr;
  return {buffer, end};
}

// Boost's reader takes '#' as the start of a comment, and trims.
bool fits_an_ini(const std::string& value) {
  return value.find_first_of("#\n\r") == std::string::npos && !value.starts_with(' ') &&
         !value.ends_with(' ');
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

// What run.ini, whose text is `before`, is to hold once the job's options have proven good.
std::vector<std::pair<std::string, std::string>> values_to_keep(const Options& options,
                                                                const po::variables_map& values,
                                                                const po::options_description& all,
                                                                const std::string& before) {
  Options ignored;
  const auto data_names = names_of(describe_data(ignored));
  const auto earlier = values_of(before, all);
  std::vector<std::pair<std::string, std::string>> kept;
  for (const auto& name : names_of(all)) {
    if (!shapes_the_run(name, options)) continue;
    const auto found = earlier.find(name);
    if (is_kept(name, options.groups, data_names)) {
      kept.emplace_back(name, text_of(values[name].value()));
    } else if (found != earlier.end()) {
      kept.emplace_back(*found);
    }
  }
  return kept;
}

}  // namespace

std::pair<int, int> Options::picture_size() const {
  constexpr int kMost = 16384;
  int width = 0, height = 0;
  const char* end = size.data() + size.size();
  const auto [x, error] = std::from_chars(size.data(), end, width);
  if (error == std::errc{} && x != end && *x == 'x') {
    const auto [rest, height_error] = std::from_chars(x + 1, end, height);
    if (height_error == std::errc{} && rest == end && width > 0 && height > 0 && width <= kMost &&
        height <= kMost)
      return {width, height};
  }
  throw UsageError("--size " + size + ": give WIDTHxHEIGHT in pixels, e.g. 1920x1080, each at most " +
                   std::to_string(kMost));
}

std::vector<std::string> Options::formats() const {
  return words_of(format);
}

std::vector<std::string> Options::exports() const {
  return words_of(export_to);
}

std::string help_text(const std::string& job, const std::string& purpose, unsigned groups) {
  Options defaults;
  std::ostringstream text;
  text << "zoetrope " << job << ": " << purpose << "\n\n" << describe(defaults, groups);
  return text.str();
}

IniTexts read_ini_files(const std::string& job, unsigned groups, const std::vector<std::string>& arguments) {
  constexpr std::size_t kMostBytes = std::size_t{1} << 20;
  Options ignored;
  po::variables_map values;
  store_command_line(job, describe(ignored, groups), arguments, values);
  IniTexts inis;
  if (is_given(values, "config"))
    inis.config = support::read_file(values["config"].as<std::string>(), kMostBytes);
  if (is_given(values, "run") && fs::exists(run_ini_of(values)))
    inis.run = support::read_file(run_ini_of(values), kMostBytes);
  return inis;
}

Options parse_options(const std::string& job, unsigned groups, const std::vector<std::string>& arguments,
                      const IniTexts& inis) {
  Options options;
  const auto own = describe(options, groups);
  const auto all = describe(options, kAllGroups);
  po::variables_map values;  // what is stored first wins
  store_command_line(job, own, arguments, values);

  require(!(is_given(values, "max-steps") && is_given(values, "epochs")),
          "--max-steps and --epochs contradict one another: give one");
  const bool epochs_given = is_given(values, "epochs");
  if (is_given(values, "config")) store_ini(values["config"].as<std::string>(), inis.config, all, values);
  if (is_given(values, "run")) store_ini(run_ini_of(values), inis.run, all, values);
  po::store(po::parsed_options(&all), values);  // the defaults of other jobs' options
  po::notify(values);
  if (epochs_given) options.max_steps = 0;
  check(options);
  if ((groups & kRendering) != 0) check_rendering(options);
  options.groups = groups;
  options.kept = values_to_keep(options, values, all, inis.run);
  // A training cannot go on without its options, so what could not be kept is refused before it begins.
  if (const RunIni ini = run_ini(options); (groups & kTraining) != 0 && !ini.problem.empty())
    throw UsageError(ini.problem);
  return options;
}

RunIni run_ini(const Options& options) {
  RunIni ini{"# The options of this run. Read them back with --config.\n", ""};
  for (const auto& [name, value] : options.kept) {
    if (!fits_an_ini(value)) {
      ini.problem =
          "--" + name + " " + value + ": '#', line breaks and spaces at an end cannot be kept in run.ini";
    } else if (!value.empty()) {
      ini.text += name + " = " + value + "\n";
    }
  }
  return ini;
}

}  // namespace zoetrope::jobs
