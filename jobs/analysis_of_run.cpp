// SPDX-License-Identifier: Apache-2.0
#include "analysis_of_run.hpp"

#include "zoetrope/model/config.hpp"
#include "zoetrope/store/embeddings_file.hpp"
#include "zoetrope/support/error.hpp"
#include "zoetrope/support/json.hpp"
#include "zoetrope/support/text.hpp"

namespace zoetrope::jobs {

namespace {

// What the embeddings that were analysed last say of their images; "" where they are gone.
std::string digest_of_images(const store::RunDirectory& run, const store::Analysis& analysis) {
  if (analysis.step.empty()) return "";
  try {
    return store::read_identity(run.checkpoint(analysis.step.back())).dataset_digest;
  } catch (const InputError&) {
    return "";
  }
}

}  // namespace

std::vector<std::string> classes_of_checkpoint(const store::RunDirectory& run, std::int64_t step,
                                               std::int64_t num_classes) {
  const auto path = run.checkpoint(step) / "config.json";
  if (num_classes > 0 && std::filesystem::exists(path)) {
    auto config = model::VitConfig::from_json(support::read_json(path), path.string());
    if (config.num_labels() == num_classes) return std::move(config.id2label);
  }
  std::vector<std::string> numbers;
  for (std::int64_t i = 0; i < num_classes; ++i) numbers.push_back("LABEL_" + std::to_string(i));
  return numbers;
}

store::Analysis analysis_of_run(Context& context) {
  const std::string path = context.run().analysis().string();
  store::Analysis analysis = store::read_analysis(path);
  const Split& test = context.test();
  const auto count = static_cast<std::int64_t>(analysis.num_images());
  if (test.size() != count)
    throw InputError(path + ": is of " + support::format_count(count) +
                     " images, --data and --test-limit give " + support::format_count(test.size()));
  const std::string digest = digest_of_images(context.run(), analysis);
  if (!digest.empty() && digest != test.dataset->digest())
    throw InputError(path + ": is of other images than --data " + context.options().data +
                     " gives, though of as many: give the --data of the run");
  return analysis;
}

}  // namespace zoetrope::jobs
