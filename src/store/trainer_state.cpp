// SPDX-License-Identifier: Apache-2.0
#include "zoetrope/store/trainer_state.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include "zoetrope/store/sealed_json.hpp"
#include "zoetrope/support/files.hpp"
#include "zoetrope/support/listing.hpp"

#include "number_checks.hpp"

namespace zoetrope::store {

using support::Json;

namespace {

// What null stands for in our own trainer_state.json: NaN and the infinities, for which JSON has no words.
constexpr double kNotFinite = std::numeric_limits<double>::quiet_NaN();

// Trainer looks its own control object up here when it resumes.
Json trainer_control(bool is_last) {
  return {{"args",
           {{"should_epoch_stop", false},
            {"should_evaluate", false},
            {"should_log", false},
            {"should_save", true},
            {"should_training_stop", is_last}}},
          {"attributes", Json::object()}};
}

void require_reached(std::int64_t step, double epoch, const std::string& origin) {
  if (is_step(step) && is_epoch(epoch)) return;
  throw InputError(origin + ": \"step\" " + std::to_string(step) + " and \"epoch\" " +
                   support::Json(epoch).dump() +
                   " are none that a training comes to; write the file again from where it came");
}

}  // namespace

Json to_json(const TrainerState& state, const std::vector<LossRecord>& log) {
  Json history = Json::array();
  for (const LossRecord& record : log) {
    if (record.step > state.step) break;
    history.push_back({{"accuracy", record.accuracy},
                       {"epoch", record.epoch},
                       {"grad_norm", record.grad_norm},
                       {"images_per_second", record.images_per_second},
                       {"learning_rate", record.learning_rate},
                       {"loss", record.loss},
                       {"step", record.step}});
  }
  const std::int64_t of_epoch = std::max<std::int64_t>(1, state.steps_per_epoch);
  const std::int64_t epochs = state.max_steps / of_epoch + (state.max_steps % of_epoch > 0 ? 1 : 0);
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

namespace {

// A Trainer refuses keys that it does not know, but for those of this one.
constexpr const char* kSealKey = "trial_params";
constexpr const char* kModelDigest = "model_digest";

// True where the state carries a digest, which holds. InputError where it does not hold, or is gone.
bool check_seal(const Json& state, const std::string& origin) {
  const auto seal = state.find(kSealKey);
  if (seal == state.end()) refuse_flipped_key(state, kSealKey, origin);
  if (seal == state.end() || !seal->is_object()) return false;
  if (!seal->contains(kJsonDigest)) {
    refuse_flipped_key(*seal, kJsonDigest, origin);
    if (!seal->contains(kModelDigest)) return false;  // others' parameters of a trial
    throw InputError(origin + ": is damaged: it says \"" + kModelDigest +
                     "\", and its own digest, which comes with that, is gone");
  }
  Json sealed = state;
  sealed[kJsonDigest] = seal->at(kJsonDigest);
  sealed[kSealKey].erase(kJsonDigest);
  return check_digest(std::move(sealed), origin);
}

LossRecord to_record(const Json& entry, const std::string& origin) {
  LossRecord record;
  record.step = support::json_get<std::int64_t>(entry, "step", origin);
  record.epoch = support::json_get<double>(entry, "epoch", origin);
  require_reached(record.step, record.epoch, origin);
  record.loss = support::json_get_or<double>(entry, "loss", kNotFinite, origin);
  record.learning_rate = support::json_get_or<double>(entry, "learning_rate", 0, origin);
  record.grad_norm =
      support::json_get_or<double>(entry, "grad_norm", entry.contains("grad_norm") ? kNotFinite : 0, origin);
  record.accuracy = support::json_get_or<double>(entry, "accuracy", 0, origin);
  record.images_per_second = support::json_get_or<double>(entry, "images_per_second", 0, origin);
  return record;
}

std::vector<LossRecord> log_of(const Json& state, const std::string& origin) {
  std::vector<LossRecord> log;
  const auto history = state.find("log_history");
  if (history == state.end() || history->is_null()) return log;
  if (!history->is_array()) throw InputError(origin + ": \"log_history\" is not a list");
  for (const Json& entry : *history)
    if (entry.contains("loss")) log.push_back(to_record(entry, origin));  // others are evaluations
  return log;
}

// A line of the log takes 250 bytes: eight million of them.
constexpr std::size_t kMostStateBytes = std::size_t{2} << 30;

Json read_json_of(const std::filesystem::path& path) {
  Json state = support::read_python_json(path, kMostStateBytes);
  if (!state.is_object()) throw InputError(path.string() + ": is not a JSON object");
  return state;
}

}  // namespace

Json sealed_trainer_state(Json state, const std::string& model_digest) {
  state[kSealKey] = {{kModelDigest, model_digest}};
  state[kSealKey][kJsonDigest] = with_digest(state).at(kJsonDigest);
  return state;
}

StoredTrainerState read_trainer_state(const std::filesystem::path& path) {
  StoredTrainerState found;
  if (!support::is_listed(path)) return found;
  const std::string name = path.string();
  const Json state = read_json_of(path);
  found.is_there = true;
  found.is_ours = check_seal(state, name);
  found.step = support::json_get_or<std::int64_t>(state, "global_step", -1, name);
  found.epoch = support::json_get_or<double>(state, "epoch", 0.0, name);
  require_reached(std::max<std::int64_t>(found.step, 0), found.epoch, name);
  found.log = log_of(state, name);
  if (!found.is_ours) return found;
  found.model_digest = support::json_get_or<std::string>(state.at(kSealKey), kModelDigest, "", name);
  const auto every = support::json_get_or<std::int64_t>(state, "logging_steps", 0, name);
  found.has_whole_log = every > 0 && found.log.size() == static_cast<std::size_t>(found.step / every);
  return found;
}

std::vector<LossRecord> read_trainer_log(const std::filesystem::path& path) {
  return read_trainer_state(path).log;
}

void shorten_trainer_log(const std::filesystem::path& path) {
  try {
    Json state = read_json_of(path);
    if (!check_seal(state, path.string())) return;
    Json& history = state["log_history"];
    if (!history.is_array() || history.size() < 2) return;
    history = Json::array({history.back()});
    const std::string model_digest =
        support::json_get_or<std::string>(state.at(kSealKey), kModelDigest, "", path.string());
    support::write_file(path, sealed_trainer_state(std::move(state), model_digest).dump(2) + "\n");
  } catch (const InputError&) {
    // Damaged: whoever wants to read it says so.
  }
}

}  // namespace zoetrope::store
