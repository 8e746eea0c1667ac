// SPDX-License-Identifier: Apache-2.0
// Embeddings of other programs become a run's: each step's array a checkpoint's embeddings.h5.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "zoetrope/comm/stop.hpp"
#include "zoetrope/data/given_dataset.hpp"
#include "zoetrope/data/step_arrays.hpp"
#include "zoetrope/pipeline/stages.hpp"
#include "zoetrope/store/embeddings_file.hpp"
#include "zoetrope/store/folder_files.hpp"
#include "zoetrope/store/run_history.hpp"
#include "zoetrope/support/digest.hpp"
#include "zoetrope/support/error.hpp"
#include "zoetrope/support/files.hpp"
#include "zoetrope/support/interruption.hpp"
#include "zoetrope/support/json.hpp"
#include "zoetrope/support/listing.hpp"
#include "zoetrope/support/log.hpp"
#include "zoetrope/support/progress.hpp"
#include "zoetrope/support/stopwatch.hpp"
#include "zoetrope/support/text.hpp"

namespace zoetrope::pipeline {

namespace fs = std::filesystem;

namespace {

constexpr const char* kNothingTakenIn = "nothing is taken in yet; run the same command again";
constexpr const char* kTakenInSoFar = "embeddings so far are kept; run the same command again to go on";

// What rank 0 finds, and all go by: files may come while ranks look.
struct GivenSteps {
  std::vector<std::int64_t> step;
  std::vector<double> epoch;
  std::int64_t num_rows = 0;
  std::int64_t num_classes = 0;
};

class GivenArrays {
 public:
  explicit GivenArrays(const GivenOptions& options)
      : embeddings_(data::open_step_arrays(options.embeddings, "embeddings")) {
    if (!options.logits.empty()) logits_ = data::open_step_arrays(options.logits, "logits");
  }

  // Throws InputError where the arrays do not go together.
  GivenSteps checked() const;
  const data::ArrayInfo& info(std::int64_t step) const { return of(*embeddings_, step); }
  store::Embeddings read(std::int64_t step) const;

 private:
  static const data::ArrayInfo& of(const data::StepArrays& arrays, std::int64_t step);
  void check_logits(GivenSteps& found) const;

  std::unique_ptr<data::StepArrays> embeddings_;
  std::unique_ptr<data::StepArrays> logits_;
};

std::string shape_of(const data::ArrayInfo& array) {
  return support::format_count(array.rows) + " x " + support::format_count(array.columns);
}

GivenSteps GivenArrays::checked() const {
  GivenSteps found;
  const data::ArrayInfo& first = embeddings_->steps().begin()->second;
  found.num_rows = first.rows;
  for (const auto& [step, array] : embeddings_->steps()) {
    if (array.rows < 2 || array.columns < 2)
      throw InputError(array.place + ": is of " + shape_of(array) +
                       "; a picture takes two rows and two columns or more");
    if (array.rows != first.rows)
      throw InputError(array.place + ": has " + support::format_count(array.rows) + " rows, and " +
                       first.place + " " + support::format_count(first.rows) +
                       ": every step embeds the same things, in the same order");
    found.step.push_back(step);
  }
  if (logits_) check_logits(found);
  return found;
}

void GivenArrays::check_logits(GivenSteps& found) const {
  for (const auto& [step, array] : logits_->steps())
    if (!embeddings_->steps().contains(step))
      throw InputError(array.place + ": is of step " + std::to_string(step) +
                       ", of which there are no embeddings");
  const data::ArrayInfo& first = logits_->steps().begin()->second;
  for (const auto& [step, embeddings] : embeddings_->steps()) {
    const auto logits = logits_->steps().find(step);
    if (logits == logits_->steps().end())
      throw InputError(embeddings.place + ": there are no logits of step " + std::to_string(step));
    if (logits->second.rows != found.num_rows || logits->second.columns != first.columns)
      throw InputError(logits->second.place + ": is of " + shape_of(logits->second) + "; " +
                       support::format_count(found.num_rows) + " x " + support::format_count(first.columns) +
                       " is expected, as of the embeddings and of the first step");
  }
  found.num_classes = first.columns;
}

const data::ArrayInfo& GivenArrays::of(const data::StepArrays& arrays, std::int64_t step) {
  const auto found = arrays.steps().find(step);
  if (found == arrays.steps().end())
    throw InputError(arrays.steps().begin()->second.place + ": the array of step " + std::to_string(step) +
                     " beside it is gone");
  return found->second;
}

store::Embeddings GivenArrays::read(std::int64_t step) const {
  const data::ArrayInfo& array = of(*embeddings_, step);
  store::Embeddings embeddings;
  embeddings.values = embeddings_->read(step);
  store::EmbeddingsIdentity& identity = embeddings.identity;
  identity.step = step;
  identity.feature = store::kGivenFeature;
  identity.dtype = array.dtype;
  identity.num_rows = array.rows;
  identity.num_columns = array.columns;
  support::Sha256 digest;
  digest.update(std::as_bytes(std::span(embeddings.values)));
  if (logits_) {
    identity.num_classes = of(*logits_, step).columns;
    embeddings.logits = logits_->read(step);
    digest.update(std::as_bytes(std::span(embeddings.logits)));
  }
  identity.model_digest = digest.hex();
  return embeddings;
}

// Nothing that zoetrope has trained or embedded is written over, and no frame is shown that is not given.
void refuse_other_checkpoints(const store::RunDirectory& run, const GivenSteps& given,
                              const std::string& place) {
  if (!run.resume_steps().empty())
    throw InputError(run.root.string() +
                     ": holds a training of zoetrope's; give another --run for --embeddings");
  for (const std::int64_t step : run.checkpoint_steps()) {
    const fs::path folder = run.checkpoint(step);
    const auto sealed = store::sealed_identity(folder);
    if (support::exists(folder / store::kTrainingRecordFile) ||
        (sealed && sealed->feature != store::kGivenFeature))
      throw InputError(folder.string() +
                       ": holds what zoetrope has trained or embedded; give another --run for --embeddings");
    if (!std::ranges::binary_search(given.step, step))
      throw InputError(folder.string() + ": " + place + " has no array of step " + std::to_string(step) +
                       "; delete the folder, or give another --run");
  }
}

support::Json to_json(const GivenSteps& steps) {
  return {steps.step, steps.epoch, steps.num_rows, steps.num_classes};
}

// Looks at everything before anything is written. Collective.
GivenSteps agree_on_steps(Session& session, const std::optional<GivenArrays>& arrays) {
  std::string text;
  if (session.is_root()) {
    GivenSteps found = arrays->checked();
    refuse_other_checkpoints(session.run(), found, session.options().given.embeddings);
    for (const std::int64_t step : found.step) {
      support::remove_leftovers(session.run().checkpoint(step));
      found.epoch.push_back(store::epoch_of(session.run(), step));
    }
    text = to_json(found).dump();
  }
  const support::Json json = support::Json::parse(comm::broadcast_string(session.communicator(), text, 0));
  GivenSteps agreed;
  json.at(0).get_to(agreed.step), json.at(1).get_to(agreed.epoch);
  json.at(2).get_to(agreed.num_rows), json.at(3).get_to(agreed.num_classes);
  return agreed;
}

// Whether embeddings.h5 is there, of this identity and whole to the last bit.
bool is_in_run(const fs::path& folder, const store::EmbeddingsIdentity& identity) {
  if (!support::exists(folder / store::kEmbeddingsFile)) return false;
  try {
    if (store::read_identity(folder) != identity) return false;
    store::verify_embeddings(folder);
    return true;
  } catch (const InputError& damage) {
    support::log_warning(std::string(damage.what()) + "; what was given is there, and it is taken in again");
    return false;
  }
}

// Which of the given steps are this rank's: they are dealt in turn.
std::vector<std::size_t> my_steps(Session& session, const GivenSteps& given) {
  std::vector<std::size_t> mine;
  const auto stride = static_cast<std::size_t>(session.world().size());
  for (auto i = static_cast<std::size_t>(session.world().rank()); i < given.step.size(); i += stride)
    mine.push_back(i);
  return mine;
}

// Does `work` for each of this rank's steps. Collective.
void for_each_step(Session& session, const std::vector<std::size_t>& mine, const char* label,
                   const char* what_now, const std::function<void(std::size_t)>& work) {
  support::Progress progress(label, static_cast<std::int64_t>(mine.size()), "checkpoints");
  progress.update(0);
  std::int64_t done = 0;
  comm::do_unless_asked(session.communicator(), what_now, [&] {
    for (const std::size_t i : mine) {
      support::stop_point();
      work(i);
      progress.update(++done);
    }
  });
}

// All arrays are read before the first is written, so that one that is refused changes nothing. Then what
// they take the place of is removed: a stop leaves steps missing, which is noticed, and not old beside new
// ones. Collective.
void take_in_mine(Session& session, const GivenArrays& arrays, const GivenSteps& given) {
  const std::string dataset_digest = session.test().digest();
  const auto folder_of = [&](std::size_t i) { return session.run().checkpoint(given.step[i]); };
  const auto read = [&](std::size_t i) {
    store::Embeddings embeddings = arrays.read(given.step[i]);
    embeddings.identity.epoch = given.epoch[i];
    embeddings.identity.dataset_digest = dataset_digest;
    return embeddings;
  };
  std::vector<std::size_t> missing;
  for_each_step(session, my_steps(session, given), "checking", kNothingTakenIn, [&](std::size_t i) {
    if (!is_in_run(folder_of(i), read(i).identity)) missing.push_back(i);
  });
  comm::do_unless_asked(session.communicator(), kTakenInSoFar, [&] {
    for (const std::size_t i : missing) {
      support::create_folders(folder_of(i));
      support::remove_file(folder_of(i) / store::kEmbeddingsFile);
    }
  });
  for_each_step(session, missing, "taking in", kTakenInSoFar,
                [&](std::size_t i) { store::write_embeddings(folder_of(i), read(i)); });
}

}  // namespace

void take_in(Session& session) {
  const support::Stopwatch watch;
  session.set_stage("reading the embeddings that are given");
  std::optional<GivenArrays> arrays;
  comm::do_unless_asked(session.communicator(), kNothingTakenIn,
                        [&] { arrays.emplace(session.options().given); });
  const GivenSteps given = agree_on_steps(session, arrays);
  const GivenOptions& options = session.options().given;
  const std::string& label_column = session.options().data.label_column;
  if (options.labels.empty() && options.embeddings.ends_with(".parquet") &&
      data::has_labels(options.embeddings, label_column))
    session.take_labels_of_embeddings();
  session.load_given(given.num_rows, given.num_classes);
  take_in_mine(session, *arrays, given);
  session.keep_options();
  session.add_stage(
      {"taking in", watch.seconds(), static_cast<std::int64_t>(given.step.size()), "checkpoints"});
}

}  // namespace zoetrope::pipeline
