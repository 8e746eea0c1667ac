// SPDX-License-Identifier: Apache-2.0
#include "options.hpp"

#include <algorithm>
#include <charconv>
#include <fstream>
#include <sstream>

#include <boost/program_options.hpp>

#include "zoetrope/render/animation.hpp"
#include "zoetrope/render/frame.hpp"
#include "zoetrope/review/export.hpp"
#include "zoetrope/support/error.hpp"
#include "zoetrope/support/files.hpp"
#include "zoetrope/support/text.hpp"

namespace zoetrope::jobs {

namespace po = boost::program_options;
namespace fs = std::filesystem;

namespace {

constexpr unsigned kAllGroups = ~0U;
constexpr unsigned kLineLength = 100;

template <typename T>
po::typed_value<T>* field(T& target, const char* name) {
  return po::value<T>(&target)->default_value(target)->value_name(name);
}

// Real defaults read as they are written here, not as 4.9999999999999998e-05.
po::typed_value<double>* real(double& target, const char* shown) {
  return po::value<double>(&target)->default_value(target, shown)->value_name("X");
}

po::options_description data_options(Options& o) {
  po::options_description group("Data", kLineLength);
  auto add = group.add_options();
  add("data", field(o.data, "SPEC"),
      "images: idx:DIR (MNIST's format, plain or .gz), cifar10:DIR or cifar100:DIR (the binary versions), "
      "folder:DIR "
      "(train/<class>/* and test/<class>/*), parquet:DIR (Hugging Face's layout)");
  add("train-limit", field(o.train_limit, "N"), "use N training images; 0: all");
  add("test-limit", field(o.test_limit, "N"), "use N test images; 0: all");
  add("train-split", field(o.train_split, "NAME"),
      "folder, parquet: the training split's name, where it is an unusual one");
  add("test-split", field(o.test_split, "NAME"), "the same of the test split");
  add("image-column", field(o.image_column, "NAME"), "parquet: the images' column, where there are several");
  add("label-column", field(o.label_column, "NAME"), "parquet: the labels' column; cifar100: coarse_label");
  add("skip-bad-images", po::bool_switch(&o.skip_bad_images),
      "folder, parquet: go on without images that cannot be decoded");
  add("image-cache", field(o.image_cache, "MIB"), "resized images of a split that a rank keeps in memory");
  return group;
}

po::options_description model_options(Options& o) {
  po::options_description group("Model", kLineLength);
  group.add_options()(
      "model", field(o.model, "PATH"),
      "a Hugging Face ViT folder, or a config.json alone for a random start; default: a small ViT");
  return group;
}

po::options_description training_options(Options& o) {
  po::options_description group("Training (defaults as Hugging Face's Trainer)", kLineLength);
  auto add = group.add_options();
  add("max-steps", field(o.max_steps, "N"), "optimizer steps; 0: as --epochs says");
  add("epochs", real(o.epochs, "3"), "passes over the training images");
  add("batch-size", field(o.batch_size, "N"), "images per optimizer step, over all ranks");
  add("micro-batch", field(o.micro_batch, "N"), "images per forward pass on a rank; 0: what fits");
  add("learning-rate", real(o.learning_rate, "5e-5"), "peak learning rate");
  add("weight-decay", real(o.weight_decay, "0"), "AdamW's weight decay");
  add("warmup-ratio", real(o.warmup_ratio, "0.1"), "part of the steps in which the learning rate rises");
  add("max-grad-norm", real(o.max_grad_norm, "1"), "gradient clipping; 0: none");
  add("seed", field(o.seed, "N"), "order of images and random start");
  add("save-steps", field(o.save_steps, "N"), "a checkpoint, and so a frame, every N steps");
  add("logging-steps", field(o.logging_steps, "N"), "a line of log.csv every N steps");
  add("augment", field(o.augment, "A"), "none, or flip-crop (RandomResizedCrop and flip, as torchvision)");
  add("save", field(o.save, "MODE"),
      "full: every checkpoint is a model; in-situ: embed while training, keep the last model");
  add("cuda-graph", field(o.cuda_graph, "MODE"),
      "on GPUs, a step of a full batch is one captured graph: on, off, or auto: where it can be captured");
  add("keep-optimizer", field(o.keep_optimizer, "N"), "newest checkpoints that keep the optimizer's state");
  return group;
}

po::options_description compute_options(Options& o) {
  po::options_description group("Computing", kLineLength);
  group.add_options()("threads", field(o.threads, "N"),
                      "threads of a rank; 0: its share of the host's cores");
  return group;
}

po::options_description device_options(Options& o) {
  po::options_description group("Device", kLineLength);
  auto add = group.add_options();
  add("device", field(o.device, "D"), "cpu, cuda, or auto: the GPUs where every rank has one of its own");
  return group;
}

po::options_description forward_options(Options& o) {
  po::options_description group("Model's computation", kLineLength);
  auto add = group.add_options();
  add("backend", field(o.backend, "B"),
      "what the ranks' tensors go through: mpi, nccl, or auto: nccl between GPUs");
  add("precision", field(o.precision, "P"),
      "fp32; tf32 (a GPU's faster products); bf16 (autocast: weights and optimizer stay fp32); auto: bf16 on "
      "GPUs, else fp32");
  return group;
}

po::options_description analysis_options(Options& o) {
  po::options_description group("Analysis", kLineLength);
  auto add = group.add_options();
  add("neighbours", field(o.neighbours, "K"), "nearest neighbours of the outlier score (cleanlab's k)");
  add("outliers", field(o.outliers, "K"), "length of the leaderboard");
  add("align", field(o.align, "TO"), "what Procrustes aligns a frame to: previous, first, last or none");
  add("projection", field(o.projection, "P"),
      "PCA fitted on each checkpoint, on the last, or on all (joint)");
  return group;
}

po::options_description rendering_options(Options& o) {
  po::options_description group("Animation", kLineLength);
  auto add = group.add_options();
  add("layout", field(o.layout, "L"), "wide, or article (the article's figure)");
  add("size", field(o.size, "WxH"), "pixels of a frame");
  add("theme", field(o.theme, "T"), "light or dark");
  add("fps", real(o.fps, "10"), "frames a second");
  add("tween", field(o.tween, "N"), "in-between frames from one checkpoint to the next");
  add("format", field(o.format, "LIST"), "gif, mp4, webp; several with commas");
  return group;
}

po::options_description review_options(Options& o) {
  po::options_description group("Review", kLineLength);
  group.add_options()("live", po::bool_switch(&o.live),
                      "go on beside a run: the page follows as checkpoints are embedded")(
      "export", field(o.export_to, "LIST"),
      "also for other viewers: spotlight, parquet, projector, npz; several with commas");
  return group;
}

po::options_description common_options(Options& o) {
  po::options_description group("All jobs", kLineLength);
  auto add = group.add_options();
  add("help,h", "this text");
  add("run", po::value(&o.run)->value_name("DIR"), "the run directory (required)");
  add("config", po::value(&o.config)->value_name("FILE"),
      "an INI file of these options, e.g. another run's run.ini");
  add("check-options", po::bool_switch(), "says whether the options can be used, and ends");
  add("timeout", field(o.timeout, "SECONDS"),
      "a rank that gets nothing done for longer while others wait ends the job");
  add("quiet", po::bool_switch(&o.quiet), "warnings and errors only");
  add("log-level", field(o.log_level, "LEVEL"), "trace, debug, info, warning, error or off");
  add("no-progress", po::bool_switch(&o.no_progress), "no progress bars");
  return group;
}

po::options_description describe(Options& o, unsigned groups) {
  po::options_description all(kLineLength);
  all.add(common_options(o));
  if (groups & kData) all.add(data_options(o));
  if (groups & kModel) all.add(model_options(o));
  if (groups & kTraining) all.add(training_options(o));
  if (groups & kCompute) all.add(compute_options(o));
  if (groups & kDevice) all.add(device_options(o));
  if (groups & kForward) all.add(forward_options(o));
  if (groups & kAnalysis) all.add(analysis_options(o));
  if (groups & kRendering) all.add(rendering_options(o));
  if (groups & kReview) all.add(review_options(o));
  return all;
}

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
  require(!o.run.empty(), "--run is required: the directory to work in");
  require(o.train_limit >= 0 && o.test_limit >= 0, "--train-limit and --test-limit must not be negative");
  require(o.test_limit != 1, "--test-limit 1: a picture takes two test images or more; 0 takes all");
  require(o.max_steps >= 0, "--max-steps must not be negative");
  require(o.epochs > 0, "--epochs must be positive");
  require(o.batch_size > 0, "--batch-size must be positive");
  require(o.micro_batch >= 0, "--micro-batch must not be negative");
  require(o.learning_rate > 0, "--learning-rate must be positive");
  require(o.weight_decay >= 0, "--weight-decay must not be negative");
  require(o.warmup_ratio >= 0 && o.warmup_ratio < 1, "--warmup-ratio must be at least 0 and below 1");
  require(o.max_grad_norm >= 0, "--max-grad-norm must not be negative");
  require(o.save_steps > 0 && o.logging_steps > 0, "--save-steps and --logging-steps must be positive");
  require(o.keep_optimizer > 0, "--keep-optimizer must be positive: an interrupted run goes on from there");
  require(o.threads >= 0, "--threads must not be negative");
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

std::string run_ini_text(const Options& options) {
  std::string text = "# The options of this run. Read them back with --config.\n";
  for (const auto& [name, value] : options.in_effect) {
    if (value.find_first_of("#\n\r") != std::string::npos)
      throw UsageError("--" + name + " " + value + ": '#' and line breaks cannot be kept in run.ini");
    if (!value.empty()) text += name + " = " + value + "\n";
  }
  return text;
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
  for (const auto& name : names_of(all))
    if (shapes_the_run(name, options)) options.in_effect.emplace_back(name, text_of(values[name].value()));
  if ((groups & kTraining) != 0)
    run_ini_text(options);  // refuses here what could not be kept when work has begun
  return options;
}

void write_run_ini(const fs::path& path, const Options& options) {
  support::write_file(path, run_ini_text(options));
}

}  // namespace zoetrope::jobs
