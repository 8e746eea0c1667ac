// SPDX-License-Identifier: Apache-2.0
#include "zoetrope/embed/extract.hpp"

#include "zoetrope/support/error.hpp"

#include "jobs.hpp"

namespace zoetrope::jobs {

embed::ExtractionInput extraction_input(Context& context) {
  Split& test = context.test();
  embed::ExtractionInput input{*test.images, test.dataset->digest(), context.preprocessor()};
  input.precision = context.precision();
  input.device = context.device();
  const train::Communicators communicators = context.communicators();
  if (&communicators.tensors != &communicators.control) input.tensors = &communicators.tensors;
  return input;
}

void extract(Context& context) {
  const auto steps = context.checkpoint_steps();
  if (steps.empty())
    throw InputError(context.run().root.string() +
                     ": holds no checkpoint-<step> folder; run zoetrope finetune first, or give "
                     "--run the output folder of a Hugging Face Trainer");
  embed::ExtractionInput input = extraction_input(context);
  input.on_stage = [&](const std::string& stage) {
    context.keep_options();  // every model has been read, and its embeddings are about to be written
    context.set_stage(stage);
  };
  const auto result = embed::extract(context.run(), steps, input, context.communicator());
  context.add_stage({"embedding", result.seconds, result.images, "images"});
}

}  // namespace zoetrope::jobs
