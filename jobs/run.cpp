// SPDX-License-Identifier: Apache-2.0
#include "jobs.hpp"

namespace zoetrope::jobs {

void run(Context& context) {
  context.train();
  context.test();  // what is wrong with them is found before the training
  finetune(context);
  extract(context);
  analyze(context);
  render(context);
  review(context);
}

}  // namespace zoetrope::jobs
