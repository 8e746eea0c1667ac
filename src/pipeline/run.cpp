// SPDX-License-Identifier: Apache-2.0
#include "zoetrope/pipeline/stages.hpp"
#include "zoetrope/support/error.hpp"

namespace zoetrope::pipeline {

void run(Session& session) {
  // What is wrong with the images is found before the training.
  const auto& classes = session.train().class_names();
  if (session.test().class_names() != classes)
    throw InputError("--data " + session.options().data.spec +
                     ": the training and the test images have other classes, or the same in another order: "
                     "give splits of one data set");
  finetune_and_embed(session);
  extract(session);
  analyze(session);
  render(session);
  review(session);
}

}  // namespace zoetrope::pipeline
