// SPDX-License-Identifier: Apache-2.0
#include "zoetrope/support/error.hpp"

#include "jobs.hpp"

namespace zoetrope::jobs {

void run(Context& context) {
  // What is wrong with the images is found before the training.
  const auto& classes = context.train().dataset->class_names();
  if (context.test().dataset->class_names() != classes)
    throw InputError("--data " + context.options().data +
                     ": the training and the test images have other classes, or the same in another order: "
                     "give splits of one data set");
  finetune(context);
  extract(context);
  analyze(context);
  render(context);
  review(context);
}

}  // namespace zoetrope::jobs
