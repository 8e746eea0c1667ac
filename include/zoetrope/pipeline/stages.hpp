// SPDX-License-Identifier: Apache-2.0
// The stages of a run, each of which takes up where an earlier attempt stopped. Collective; InputError,
// UsageError and RunError as everywhere, Interrupted on every rank after a signal on any.
#pragma once

#include <cstdint>
#include <functional>

#include "zoetrope/pipeline/session.hpp"

namespace zoetrope::pipeline {

void finetune(Session& session);  // log.csv and the checkpoints; with --save in-situ embeddings, too
// `on_embedded` is called on rank 0, beside the training, for each checkpoint but the last one's once all
// that is embedded with it is on disk; it must not block. Under mpirun also by a child of this process.
void finetune_and_embed(Session& session, const std::function<void(std::int64_t step)>& on_embedded = {});
void extract(Session& session);      // embeddings.h5 of every checkpoint
void take_in(Session& session);      // embeddings.h5 of every step of embeddings that are given
void analyze(Session& session);      // analysis.h5; before that take_in(), where the job is to
void render(Session& session);       // a frame for each checkpoint, and the animation; likewise
void review(Session& session);       // review.html and the exports; likewise
void review_live(Session& session);  // review.html beside a run, until a signal comes; one rank only
void run(Session& session);          // all of them

}  // namespace zoetrope::pipeline
