// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "zoetrope/pipeline/session.hpp"
#include "zoetrope/review/review.hpp"

namespace zoetrope::pipeline {

// What the review page and the exports show of the run; decodes all test images, and the training
// images that are shown.
review::Review review_of(Session& session, store::Analysis analysis);

}  // namespace zoetrope::pipeline
