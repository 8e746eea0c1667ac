// SPDX-License-Identifier: Apache-2.0
#include "extraction_input.hpp"

namespace zoetrope::pipeline {

namespace {

embed::ExtractionInput images_of(Session& session, store::EmbeddedSplit split) {
  if (split == store::EmbeddedSplit::kTest)
    return {session.test_images(), session.test().digest(), session.preprocessor()};
  const data::Sample& sample = session.train_sample();
  embed::ExtractionInput input{session.train_sample_images(), sample.digest(), session.preprocessor()};
  input.index = sample.index();
  input.seed = static_cast<std::int64_t>(session.options().training.seed);
  return input;
}

}  // namespace

std::vector<store::EmbeddedSplit> splits_of(const Session& session) {
  if (session.shows_training()) return {store::EmbeddedSplit::kTest, store::EmbeddedSplit::kTrain};
  return {store::EmbeddedSplit::kTest};
}

embed::ExtractionInput extraction_input(Session& session, store::EmbeddedSplit split) {
  embed::ExtractionInput input = images_of(session, split);
  input.split = split;
  input.base = session.options().base;
  input.precision = session.precision();
  input.device = session.device();
  const train::Communicators communicators = session.communicators();
  if (&communicators.tensors != &communicators.control) input.tensors = &communicators.tensors;
  return input;
}

}  // namespace zoetrope::pipeline
