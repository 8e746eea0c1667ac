// SPDX-License-Identifier: Apache-2.0
#include "zoetrope/train/checkpoint.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

#include "zoetrope/model/folder.hpp"
#include "zoetrope/support/error.hpp"
#include "zoetrope/support/files.hpp"

namespace zoetrope::train {

namespace fs = std::filesystem;
using support::Json;

namespace {

constexpr const char* kFirstMoment = "exp_avg.";
constexpr const char* kSecondMoment = "exp_avg_sq.";
constexpr const char* kSums = "interval.sums";
constexpr const char* kCounts = "interval.counts";

void append_views(store::NamedTensors& tensors, const std::string& prefix, const model::Vit& model,
                  const at::Tensor& flat) {
  for (auto& [name, view] : model::named_views(model.parameters(), flat))
    tensors.emplace_back(prefix + name, view);
}

void write_optimizer(const fs::path& path, const CheckpointContent& content) {
  store::NamedTensors tensors;
  append_views(tensors, kFirstMoment, *content.model, content.exp_avg);
  append_views(tensors, kSecondMoment, *content.model, content.exp_avg_sq);
  tensors.emplace_back(kSums, at::tensor({content.sums.loss, content.sums.correct}, at::kDouble));
  tensors.emplace_back(kCounts, at::tensor({content.sums.steps, content.sums.images}, at::kLong));
  store::write_safetensors(path, tensors,
                           {{"step", std::to_string(content.step)},
                            {"identity", content.identity.dump()},
                            {"interruption", content.interruption ? "true" : "false"}});
}

std::string metadata(const store::SafetensorsFile& file, const std::string& key) {
  const auto found = file.metadata().find(key);
  if (found == file.metadata().end())
    throw InputError(file.path().string() + ": metadata \"" + key + "\" is missing");
  return found->second;
}

bool is_interruption(const store::RunDirectory& run, std::int64_t step) {
  if (!fs::exists(run.optimizer(step))) return false;
  try {
    return metadata(store::SafetensorsFile(run.optimizer(step)), "interruption") == "true";
  } catch (const InputError&) {
    return false;  // damaged: kept, and reported by whoever wants to read it
  }
}

}  // namespace

void write_checkpoint(const store::RunDirectory& run, const CheckpointContent& content) {
  support::AtomicPath atomic(run.checkpoint(content.step));
  const fs::path& folder = atomic.temporary();
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) throw RunError(folder.string() + ": cannot be created: " + error.message());
  model::save_model(*content.model, folder);
  support::write_file(folder / "preprocessor_config.json", content.preprocessor.dump(2) + "\n");
  support::write_file(folder / "trainer_state.json", content.trainer_state.dump(2) + "\n");
  if (content.exp_avg.defined()) write_optimizer(folder / "optimizer.safetensors", content);
  atomic.commit();
}

namespace {

void require_step(const store::SafetensorsFile& file, std::int64_t step) {
  if (metadata(file, "step") == std::to_string(step)) return;
  throw InputError(file.path().string() + ": is of step " + metadata(file, "step") + ", not of its folder's");
}

}  // namespace

ResumePoint read_resume_point(const store::RunDirectory& run, std::int64_t step, const model::Vit& model) {
  const c10::NoGradGuard no_grad;
  const store::SafetensorsFile file(run.optimizer(step));
  require_step(file, step);
  ResumePoint point;
  point.identity = support::parse_json(metadata(file, "identity"), file.path().string());
  point.exp_avg = at::zeros_like(model.flat());
  point.exp_avg_sq = at::zeros_like(model.flat());
  const at::Tensor sums = at::empty({2}, at::kDouble), counts = at::empty({2}, at::kLong);
  if (file.dtype(kSums) != at::kDouble || file.dtype(kCounts) != at::kLong)
    throw InputError(file.path().string() + ": tensors " + kSums + " and " + kCounts +
                     " are not those of a training");
  store::NamedTensors tensors = {{kSums, sums}, {kCounts, counts}};
  append_views(tensors, kFirstMoment, model, point.exp_avg);
  append_views(tensors, kSecondMoment, model, point.exp_avg_sq);
  file.read({tensors.begin(), tensors.end()});
  point.sums = {sums[0].item<double>(), counts[0].item<std::int64_t>(), sums[1].item<double>(),
                counts[1].item<std::int64_t>()};
  return point;
}

// Two texts, so that a number compares as it was written.
void require_identity(const store::RunDirectory& run, std::int64_t step, const Json& stored,
                      const Json& asked) {
  for (const auto& [key, value] : asked.items()) {
    if (!stored.contains(key) || stored.at(key) == value) continue;
    throw UsageError(run.checkpoint(step).string() + " was trained with --" + key + " " +
                     stored.at(key).dump() + ", now it is " + value.dump() +
                     ": use the same options to go on, or another --run");
  }
}

void prune_checkpoints(const store::RunDirectory& run, std::int64_t newest, std::int64_t keep_optimizer,
                       bool keep_models) {
  auto steps = run.checkpoint_steps();
  std::erase_if(steps, [&](std::int64_t step) { return step > newest; });
  std::int64_t kept = 0;
  for (auto step = steps.rbegin(); step != steps.rend(); ++step) {
    std::error_code ignored;  // what cannot be removed now is removed with the next checkpoint
    if (*step != newest && is_interruption(run, *step)) {
      fs::remove_all(run.checkpoint(*step), ignored);
      continue;
    }
    if (fs::exists(run.optimizer(*step)) && ++kept > keep_optimizer)
      fs::remove(run.optimizer(*step), ignored);
    // A model without embeddings is of an earlier job that kept them all.
    if (!keep_models && *step != newest && fs::exists(run.embeddings(*step))) {
      fs::remove(run.optimizer(*step), ignored);
      fs::remove(run.model(*step), ignored);
    }
  }
}

CheckpointWriter::~CheckpointWriter() {
  if (running_.valid()) running_.wait();
}

void CheckpointWriter::start(std::function<void()> write) {
  wait();
  running_ = std::async(std::launch::async, std::move(write));
}

void CheckpointWriter::wait() {
  if (running_.valid()) running_.get();
}

}  // namespace zoetrope::train
