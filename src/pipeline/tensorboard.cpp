// SPDX-License-Identifier: Apache-2.0
#include "tensorboard.hpp"

#include <algorithm>
#include <chrono>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "zoetrope/store/event_file.hpp"
#include "zoetrope/support/files.hpp"

namespace zoetrope::pipeline {

namespace {

using store::EventFile;

EventFile::Values values_of(const store::LossRecord& line) {
  return {{"loss", line.loss},           {"learning_rate", line.learning_rate},
          {"grad_norm", line.grad_norm}, {"accuracy", line.accuracy},
          {"epoch", line.epoch},         {"images_per_second", line.images_per_second}};
}

}  // namespace

std::vector<EventFile::Time> times_of_lines(std::span<const store::LossRecord> lines, std::int64_t num_images,
                                            EventFile::Time now) {
  std::vector<EventFile::Time> times(lines.size());
  EventFile::Time time = now;
  for (std::size_t i = lines.size(); i-- > 0;) {
    times[i] = time;
    if (i == 0 || !(lines[i].images_per_second > 0)) continue;
    const double images = (lines[i].epoch - lines[i - 1].epoch) * static_cast<double>(num_images);
    const std::chrono::duration<double> most = time - EventFile::Time{};
    const std::chrono::duration<double> took(
        std::clamp(images / lines[i].images_per_second, 0.0, std::max(0.0, most.count())));
    time = std::max(time - std::chrono::duration_cast<EventFile::Time::duration>(took), EventFile::Time{});
  }
  return times;
}

bool logs_to_tensorboard(const Session& session) {
  return std::ranges::find(session.options().logs, "tensorboard") != session.options().logs.end();
}

train::LogHook tensorboard_hook(const Session& session, std::int64_t num_images) {
  if (!session.is_root() || !logs_to_tensorboard(session)) return {};
  const auto folder = session.run().tensorboard() / "training";
  return [folder, num_images,
          file = std::shared_ptr<EventFile>()](std::span<const store::LossRecord> lines) mutable {
    if (!file) file = std::make_shared<EventFile>(folder);
    const auto times = times_of_lines(lines, num_images, std::chrono::system_clock::now());
    for (std::size_t i = 0; i < lines.size(); ++i)
      file->add_scalars(lines[i].step, times[i], values_of(lines[i]));
  };
}

void log_curves(const Session& session) {
  if (!session.is_root() || !logs_to_tensorboard(session)) return;
  const store::Analysis& analysis = *session.analysis();
  EventFile file(session.run().tensorboard() / "analysis");
  for (std::size_t i = 0; i < analysis.num_frames(); ++i) {
    const double explained =
        analysis.explained_variance_ratio[2 * i] + analysis.explained_variance_ratio[2 * i + 1];
    EventFile::Values values = {{"explained_variance", explained}, {"disparity", analysis.disparity[i]}};
    for (const auto& [name, curve] : analysis.curves) values.emplace_back(name, curve[i]);
    file.add_scalars(analysis.step[i], std::chrono::system_clock::now(), values);
  }
}

void log_frames(const Session& session, const store::Analysis& analysis) {
  if (!session.is_root() || !logs_to_tensorboard(session)) return;
  EventFile file(session.run().tensorboard() / "frames");
  for (const std::int64_t step : analysis.step)
    file.add_picture(step, std::chrono::system_clock::now(), "frame",
                     support::read_file(session.run().frame(step)));
}

}  // namespace zoetrope::pipeline
