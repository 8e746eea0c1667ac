// SPDX-License-Identifier: Apache-2.0
#include "context.hpp"

#include <filesystem>

#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <c10/core/impl/VirtualGuardImpl.h>

#include "zoetrope/comm/nccl.hpp"
#include "zoetrope/support/error.hpp"
#include "zoetrope/support/files.hpp"
#include "zoetrope/support/json.hpp"
#include "zoetrope/support/log.hpp"

#include "default_model.hpp"
#include "preprocessor.hpp"

namespace zoetrope::jobs {

namespace fs = std::filesystem;

namespace {

// The folder or file that says what the model is: the run's own first checkpoint once there is one.
fs::path model_source(const store::RunDirectory& run, const Options& options) {
  const auto steps = run.checkpoint_steps();
  if (!steps.empty()) return run.checkpoint(steps.front());
  return options.model;
}

Options with_default_model(Options options) {
  if (options.model.empty()) options.model = default_model().string();
  return options;
}

// This rank's GPU, or none where the ranks compute on CPUs. Collective: all have one, or none does.
std::optional<compute::Device> choose_gpu(comm::World& world, const Options& options) {
  if (options.device == "cpu" || (options.groups & kDevice) == 0) return std::nullopt;
  const compute::DeviceQuery query = compute::cuda_devices();
  if (!comm::all_ranks_have_device(world.communicator(), query)) {
    if (options.device == "cuda")
      throw UsageError("--device cuda: " +
                       (query.list().empty() ? query.why_none : "another rank's host has no GPU"));
    return std::nullopt;
  }
  compute::Device gpu = comm::select_device(world.communicator(), comm::Place::of(world), query);
  compute::bind_to_cores_near(gpu);
  return gpu;
}

void check_choice(const Options& options, bool has_gpu) {
  if ((options.groups & kForward) == 0) return;
  if ((options.groups & kTraining) != 0 && options.cuda_graph == "on" && !has_gpu)
    throw UsageError("--cuda-graph on: the ranks compute on CPUs, which queue no work to capture");
  if (options.backend == "nccl" && !has_gpu)
    throw UsageError("--backend nccl: the ranks compute on CPUs, which talk through mpi");
  if (options.backend == "mpi" && has_gpu)
    throw UsageError(
        "--backend mpi: the ranks compute on GPUs, which talk through nccl (or give --device cpu)");
  if (options.precision == "tf32" && !has_gpu)
    throw UsageError("--precision tf32: the ranks compute on CPUs, which have fp32 and bf16");
}

}  // namespace

Context::Context(comm::World& world, Options options)
    : world_(world),
      options_(with_default_model(std::move(options))),
      run_{options_.run},
      threads_(options_.threads > 0 ? options_.threads : comm::threads_per_rank(world)),
      gpu_(choose_gpu(world, options_)),
      device_(gpu_ ? compute::tensor_device(*gpu_) : at::Device(at::kCPU)) {
  check_choice(options_, gpu_.has_value());
  if (!device_.is_cpu()) c10::impl::VirtualGuardImpl(device_.type()).setDevice(device_);
  at::set_num_threads(threads_);
  world_.set_compute_threads(gpu_ ? 0 : threads_);
  if (precision() == model::Precision::kTensorFloat32) at::globalContext().setAllowTF32CuBLAS(true);
}

train::Communicators Context::communicators() {
  if (!gpu_) return {world_.communicator(), world_.communicator()};
  if (!tensors_)
    tensors_ = world_.size() == 1 ? comm::make_single_communicator()
                                  : comm::make_nccl_communicator(world_, gpu_->ordinal);
  return {*tensors_, world_.communicator()};
}

void Context::set_stage(const std::string& stage) {
  world_.set_stage(stage);
  support::log_debug(stage);
}

model::Precision Context::precision() const {
  if (options_.precision == "tf32") return model::Precision::kTensorFloat32;
  const bool is_bf16 = options_.precision == "bf16" || (options_.precision == "auto" && gpu_);
  return is_bf16 ? model::Precision::kBFloat16 : model::Precision::kFloat32;
}

std::vector<std::int64_t> Context::checkpoint_steps() {
  std::vector<std::int64_t> steps;
  if (is_root()) steps = run_.checkpoint_steps();
  const auto count = comm::broadcast_scalar(communicator(), static_cast<std::int64_t>(steps.size()), 0);
  steps.resize(static_cast<std::size_t>(count));
  communicator().broadcast(at::from_blob(steps.data(), {count}, at::kLong), 0);
  return steps;
}

const data::PreprocessorConfig& Context::preprocessor() {
  if (preprocessor_) return *preprocessor_;
  if (is_root()) preprocessor_ = read_preprocessor(model_source(run_, options_), run_.root, options_.model);
  const std::string text = comm::broadcast_string(
      communicator(), preprocessor_ ? preprocessor_->to_json().dump() : std::string(), 0);
  if (!is_root()) preprocessor_ = data::PreprocessorConfig::from_json(support::Json::parse(text), "rank 0");
  return *preprocessor_;
}

Split Context::load(data::Split which, std::int64_t limit) {
  const bool is_train = which == data::Split::kTrain;
  set_stage(is_train ? "reading training images" : "reading test images");
  data::DatasetOptions choice;
  choice.limit = limit;
  choice.seed = options_.seed;
  choice.skip_bad_images = options_.skip_bad_images;
  choice.split = is_train ? options_.train_split : options_.test_split;
  choice.other_split = is_train ? options_.test_split : options_.train_split;
  choice.image_column = options_.image_column;
  choice.label_column = options_.label_column;
  data::ImageCacheOptions cache;
  cache.max_bytes = static_cast<std::uint64_t>(options_.image_cache) << 20;
  cache.num_threads = threads_;
  cache.seed = options_.seed;
  cache.device = device_;
  if (is_train && options_.augment == "flip-crop") cache.augmentation = data::Augmentation::kFlipCrop;
  Split split;
  split.dataset = data::open_dataset(options_.data, which, choice);
  split.images = std::make_unique<data::ImageCache>(split.dataset, preprocessor(), cache);
  return split;
}

Split& Context::train() {
  if (!train_) train_ = load(data::Split::kTrain, options_.train_limit);
  return *train_;
}

Split& Context::test() {
  if (!test_) {
    Split test = load(data::Split::kTest, options_.test_limit);
    if (test.size() < 2)
      throw InputError(
          "--data " + options_.data +
          ": has a single test image, and a picture takes two or more: add some to the test split, "
          "or name another with --test-split");
    test_ = std::move(test);
  }
  return *test_;
}

void Context::keep_options() {
  if (options_are_kept_) return;
  options_are_kept_ = true;
  if (!is_root()) return;
  const RunIni ini = run_ini(options_);
  if (!ini.problem.empty()) support::log_warning(ini.problem + ": give it again to the next job of this run");
  const bool is_new = !fs::exists(run_.run_ini()) || support::read_file(run_.run_ini()) != ini.text;
  if (is_new) support::write_file(run_.run_ini(), ini.text);
}

std::vector<store::LossRecord> Context::loss_log() const {
  auto log = store::read_loss_log(run_.log_csv());
  const auto steps = run_.checkpoint_steps();
  if (!log.empty() || steps.empty()) return log;
  return store::read_trainer_log(run_.checkpoint(steps.back()) / "trainer_state.json");
}

}  // namespace zoetrope::jobs
