// SPDX-License-Identifier: Apache-2.0
#include "zoetrope/pipeline/session.hpp"

#include <algorithm>
#include <filesystem>

#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <ATen/ops/from_blob.h>
#include <c10/core/impl/VirtualGuardImpl.h>

#include "zoetrope/comm/nccl.hpp"
#include "zoetrope/comm/stop.hpp"
#include "zoetrope/data/given_dataset.hpp"
#include "zoetrope/pipeline/dataset_options.hpp"
#include "zoetrope/store/embeddings_file.hpp"
#include "zoetrope/store/run_history.hpp"
#include "zoetrope/store/run_ini.hpp"
#include "zoetrope/support/error.hpp"
#include "zoetrope/support/json.hpp"
#include "zoetrope/support/listing.hpp"
#include "zoetrope/support/log.hpp"

#include "compute_choice.hpp"
#include "default_model.hpp"
#include "memory_plan.hpp"
#include "preprocessor.hpp"
#include "same_images.hpp"
#include "warm_up.hpp"

namespace zoetrope::pipeline {

namespace fs = std::filesystem;

namespace {

constexpr const char* kNothingRead = "the images are not read to the end; run the same command again";
constexpr const char* kNoBFloat16 =
    "models compute in fp32: not all GPUs have matrix units for bf16, as those of compute capability 8.0 and "
    "above do (--precision bf16 insists)";

// Rows and classes of given embeddings that the run holds. Collective.
std::pair<std::int64_t, std::int64_t> shape_in_run(Session& session) {
  const auto steps = session.checkpoint_steps();
  if (steps.empty())
    throw InputError(session.run().root.string() +
                     ": holds no embeddings; take them in with zoetrope analyze --embeddings");
  store::EmbeddingsIdentity of;
  if (session.is_root()) of = store::read_identity(session.run().checkpoint(steps.front()));
  return {comm::broadcast_scalar(session.communicator(), of.num_rows, 0),
          comm::broadcast_scalar(session.communicator(), of.num_classes, 0)};
}

// The folder or file that says what the model is: the run's own first checkpoint once there is one.
fs::path model_source(const store::RunDirectory& run, const Options& options) {
  const auto steps = run.checkpoint_steps();
  // Where nothing is trained yet, a training makes the first one again.
  const bool is_start = options.trains && steps == std::vector<std::int64_t>{0} && run.resume_steps().empty();
  if (!steps.empty() && !is_start) return run.checkpoint(steps.front());
  require_model(options.model);
  return options.model;
}

// A job that trains needs it; others have the run's own models, and given embeddings none.
Options with_model(Options options) {
  if (!options.given.embeddings.empty()) {
    options.data.spec = options.given.images;
    return options;
  }
  options.model = options.model.empty() ? default_model().string() : find_model(options.model);
  if (options.trains) require_model(options.model);
  if (!options.base.empty()) options.base = find_base(options.base);
  return options;
}

}  // namespace

Session::Session(comm::World& world, Options options)
    : world_(world),
      options_(with_model(std::move(options))),
      run_{options_.run},
      threads_(options_.compute.threads > 0 ? options_.compute.threads : comm::threads_per_rank(world)),
      gpu_(choose_gpu(world, options_)),
      device_(gpu_ ? compute::tensor_device(*gpu_) : at::Device(at::kCPU)),
      default_precision_(default_precision(world.communicator(), gpu_)) {
  check_choice(options_, gpu_.has_value());
  if (!device_.is_cpu()) c10::impl::VirtualGuardImpl(device_.type()).setDevice(device_);
  at::set_num_threads(threads_);
  world_.set_compute_threads(gpu_ ? 0 : threads_);
  if (precision() == model::Precision::kTensorFloat32) at::globalContext().setAllowTF32CuBLAS(true);
  if (gpu_) warm_up_ = warm_up(device_, precision());
}

at::Device Session::device() {
  if (warm_up_.valid()) warm_up_.get();
  return device_;
}

train::Communicators Session::communicators() {
  if (!gpu_) return {world_.communicator(), world_.communicator()};
  if (!tensors_) {
    if (is_root() && !options_.compute.precision && precision() == model::Precision::kFloat32)
      support::log_info(kNoBFloat16);
    tensors_ = world_.size() == 1 ? comm::make_single_communicator()
                                  : comm::make_nccl_communicator(world_, gpu_->ordinal);
  }
  return {*tensors_, world_.communicator()};
}

void Session::set_stage(const std::string& stage) {
  world_.set_stage(stage);
  support::log_debug(stage);
}

model::Precision Session::precision() const {
  return options_.compute.precision.value_or(default_precision_);
}

std::string Session::place() const {
  const int ranks = world_.size();
  const std::string each = gpu_ ? "a GPU (" + gpu_->name + ")"
                                : std::to_string(threads_) + (threads_ == 1 ? " thread" : " threads");
  return ranks == 1 ? each : std::to_string(ranks) + " ranks with " + each + " each";
}

std::vector<std::int64_t> Session::checkpoint_steps() {
  std::vector<std::int64_t> steps;
  if (is_root()) steps = run_.checkpoint_steps();
  const auto count = comm::broadcast_scalar(communicator(), static_cast<std::int64_t>(steps.size()), 0);
  steps.resize(static_cast<std::size_t>(count));
  communicator().broadcast(at::from_blob(steps.data(), {count}, at::kLong), 0);
  return steps;
}

const preprocess::PreprocessorConfig& Session::preprocessor() {
  if (preprocessor_) return *preprocessor_;
  if (is_root())
    preprocessor_ = read_preprocessor(model_source(run_, options_), run_.root, options_.model, options_.base);
  const std::string text = comm::broadcast_string(
      communicator(), preprocessor_ ? preprocessor_->to_json().dump() : std::string(), 0);
  if (!is_root())
    preprocessor_ = preprocess::PreprocessorConfig::from_json(support::Json::parse(text), "rank 0");
  return *preprocessor_;
}

LoadedSplit Session::load(data::Split which, std::int64_t limit) {
  const bool is_train = which == data::Split::kTrain;
  set_stage(is_train ? "reading training images" : "reading test images");
  const DataOptions& asked = options_.data;
  data::DatasetOptions choice = dataset_options(asked, which);
  choice.limit = limit;
  choice.seed = options_.training.seed;
  LoadedSplit split;
  comm::do_unless_asked(communicator(), kNothingRead,
                        [&] { split.dataset = data::open_dataset(asked.spec, which, choice); });
  require_same_images(communicator(), (is_given() ? "--images " : "--data ") + asked.spec,
                      is_train ? "training images" : "test images", *split.dataset);
  return split;
}

preprocess::ImageCache& Session::images_of(LoadedSplit& split, preprocess::Augmentation augmentation) {
  if (split.images) return *split.images;
  preprocess::ImageCacheOptions cache;
  cache.max_bytes = image_cache_bytes(options_.data, world().local_size());
  cache.num_threads = threads_;
  cache.seed = options_.training.seed;
  cache.device = device_;
  if (gpu_) cache.max_device_bytes = device_cache_bytes(*gpu_);
  cache.augmentation = augmentation;
  const preprocess::PreprocessorConfig& config = preprocessor();
  comm::do_unless_asked(communicator(), kNothingRead, [&] {
    split.images = std::make_unique<preprocess::ImageCache>(split.dataset, config, cache);
  });
  return *split.images;
}

const data::Dataset& Session::train() {
  if (!train_) train_ = load(data::Split::kTrain, options_.data.train_limit);
  return *train_->dataset;
}

void Session::load_given(std::int64_t num_rows, std::int64_t num_classes) {
  const GivenOptions& given = options_.given;
  data::GivenRows rows{num_rows, num_classes, given.labels, options_.data.label_column, nullptr};
  if (!given.images.empty()) rows.images = load(data::Split::kTest, options_.data.test_limit).dataset;
  LoadedSplit test;
  comm::do_unless_asked(communicator(), kNothingRead, [&] { test.dataset = data::open_given_dataset(rows); });
  require_same_images(communicator(), "--labels " + given.labels, "labels", *test.dataset);
  test_ = std::move(test);
}

void Session::take_labels_of_embeddings() {
  options_.given.labels = options_.given.embeddings;
  for (const auto& [name, value] : std::vector(options_.kept))
    if (name == "embeddings") options_.kept.emplace_back("labels", value);
}

const data::Dataset& Session::test() {
  if (!test_ && is_given()) {
    const auto [num_rows, num_classes] = shape_in_run(*this);
    load_given(num_rows, num_classes);
  }
  if (!test_) {
    LoadedSplit test = load(data::Split::kTest, options_.data.test_limit);
    if (test.dataset->size() < 2)
      throw InputError(
          "--data " + options_.data.spec +
          ": has a single test image, and a picture takes two or more: add some to the test split, "
          "or name another with --test-split");
    test_ = std::move(test);
  }
  return *test_->dataset;
}

preprocess::ImageCache& Session::train_images() {
  train();
  return images_of(*train_, options_.training.augmentation);
}

preprocess::ImageCache& Session::test_images() {
  test();
  return images_of(*test_, preprocess::Augmentation::kNone);
}

void Session::require_same_classes(const std::string& way_out) {
  const auto& classes = train().class_names();
  if (test().class_names() == classes) return;
  throw InputError("--data " + options_.data.spec +
                   ": the training and the test images have other classes, or the same in another order: "
                   "give splits of one data set" +
                   way_out);
}

const data::Sample& Session::train_sample() {
  if (sample_) return *sample_;
  require_same_classes(", or show the test images alone with --split test");
  const std::int64_t asked = options_.embedding.train_sample;
  sample_ = std::make_shared<data::Sample>(train_->dataset, asked > 0 ? asked : train_->dataset->size(),
                                           options_.training.seed);
  if (sample_->size() < 2)
    throw InputError("--data " + options_.data.spec +
                     ": has a single training image, and two or more are needed to be shown: --split test "
                     "shows the test images alone");
  sampled_ = LoadedSplit{sample_, nullptr};
  return *sample_;
}

preprocess::ImageCache& Session::train_sample_images() {
  train_sample();
  return images_of(*sampled_, preprocess::Augmentation::kNone);
}

void Session::keep_options() {
  if (options_are_kept_) return;
  options_are_kept_ = true;
  if (!is_root()) return;
  // A page that follows a run does not have it to itself: what the run's own job keeps stays.
  if (options_.review.live && support::is_listed(run_.run_ini())) return;
  if (const std::string problem = store::unkept_value(options_.kept); !problem.empty())
    support::log_warning(problem + ": give it again to the next job of this run");
  store::write_run_ini(run_.run_ini(), options_.kept);
}

void Session::add_stage(const store::StageTime& stage) {
  const auto same = std::ranges::find(stages_, stage.name, &store::StageTime::name);
  if (same == stages_.end()) {
    stages_.push_back(stage);
  } else {
    same->seconds += stage.seconds;
    same->items += stage.items;
  }
}

std::vector<store::LossRecord> Session::loss_log() const {
  return store::read_run_log(run_);
}

}  // namespace zoetrope::pipeline
