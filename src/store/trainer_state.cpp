// SPDX-License-Identifier: Apache-2.0
#include "zoetrope/store/trainer_state.hpp"

#include <cmath>
#include <limits>

#include "zoetrope/support/listing.hpp"

#include "number_checks.hpp"

namespace zoetrope::store {

namespace {

// What null stands for in our own trainer_state.json: NaN and the infinities, for which JSON has no words.
constexpr double kNotFinite = std::numeric_limits<double>::quiet_NaN();

// Trainer looks its own control object up here when it resumes.
support::Json trainer_control(bool is_last) {
  return {{"args",
           {{"should_epoch_stop", false},
            {"should_evaluate", false},
            {"should_log", false},
            {"should_save", true},
            {"should_training_stop", is_last}}},
          {"attributes", support::Json::object()}};
}

void require_reached(std::int64_t step, double epoch, const std::string& origin) {
  if (is_step(step) && is_epoch(epoch)) return;
  throw InputError(origin + ": \"step\" " + std::to_string(step) + " and \"epoch\" " +
                   support::Json(epoch).dump() +
                   " are none that a training comes to; write the file again from where it came");
}

}  // namespace

support::Json to_json(const TrainerState& state, const std::vector<LossRecord>& log) {
  support::Json history = support::Json::array();
  for (const store::LossRecord& record : log) {
    if (record.step > state.step) break;
    history.push_back({{"epoch", record.epoch},
                       {"grad_norm", record.grad_norm},
                       {"learning_rate", record.learning_rate},
                       {"loss", record.loss},
                       {"step", record.step}});
  }
  const auto epochs = static_cast<std::int64_t>(
      std::ceil(static_cast<double>(state.max_steps) / static_cast<double>(state.steps_per_epoch)));
  return {{"best_global_step", nullptr},
          {"best_metric", nullptr},
          {"best_model_checkpoint", nullptr},
          {"epoch", state.epoch},
          {"eval_steps", 500},
          {"global_step", state.step},
          {"is_hyper_param_search", false},
          {"is_local_process_zero", true},
          {"is_world_process_zero", true},
          {"log_history", history},
          {"logging_steps", state.logging_steps},
          {"max_steps", state.max_steps},
          {"num_input_tokens_seen", 0},
          {"num_train_epochs", epochs},
          {"save_steps", state.save_steps},
          {"stateful_callbacks", {{"TrainerControl", trainer_control(state.step == state.max_steps)}}},
          {"total_flos", 0.0},
          {"train_batch_size", state.batch_size},
          {"trial_name", nullptr},
          {"trial_params", nullptr}};
}

double read_epoch(const std::filesystem::path& path) {
  if (!support::is_listed(path)) return 0;
  const auto epoch =
      support::json_get_or<double>(support::read_python_json(path), "epoch", 0.0, path.string());
  require_reached(0, epoch, path.string());
  return epoch;
}

std::vector<LossRecord> read_trainer_log(const std::filesystem::path& path) {
  if (!support::is_listed(path)) return {};
  const std::string name = path.string();
  const auto state = support::read_python_json(path);
  std::vector<LossRecord> log;
  for (const auto& entry : support::json_get_or<std::vector<support::Json>>(state, "log_history", {}, name)) {
    if (!entry.contains("loss")) continue;  // an evaluation
    LossRecord record;
    record.step = support::json_get<std::int64_t>(entry, "step", name);
    record.epoch = support::json_get<double>(entry, "epoch", name);
    require_reached(record.step, record.epoch, name);
    record.loss = support::json_get_or<double>(entry, "loss", kNotFinite, name);
    record.learning_rate = support::json_get_or<double>(entry, "learning_rate", 0, name);
    record.grad_norm = support::json_get_or<double>(entry, "grad_norm", 0, name);
    log.push_back(record);
  }
  return log;
}

}  // namespace zoetrope::store
