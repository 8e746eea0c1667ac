// SPDX-License-Identifier: Apache-2.0
// RUN/tensorboard, where --log asks for it: a folder of event files for each stage, which that stage makes
// anew, so that no step is there twice. Of rank 0; other ranks do nothing.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "zoetrope/pipeline/session.hpp"
#include "zoetrope/store/event_file.hpp"
#include "zoetrope/store/loss_log.hpp"
#include "zoetrope/train/trainer.hpp"

namespace zoetrope::pipeline {

// When each line of a training of `num_images` was written, where the last one has been at `now`. log.csv has
// no times; its lines say how fast they went. None is before 1970 or after another one, whatever they say.
std::vector<store::EventFile::Time> times_of_lines(std::span<const store::LossRecord> lines,
                                                   std::int64_t num_images, store::EventFile::Time now);

bool logs_to_tensorboard(const Session& session);

// The lines of log.csv, as they come; empty where none are asked for.
train::LogHook tensorboard_hook(const Session& session, std::int64_t num_images);

// The curves of the analysis, which the session has.
void log_curves(const Session& session);

// frame.png of every checkpoint.
void log_frames(const Session& session, const store::Analysis& analysis);

}  // namespace zoetrope::pipeline
