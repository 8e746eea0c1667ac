// SPDX-License-Identifier: Apache-2.0
// Schedule, saver, optimizer and step, each alone.
#include <functional>
#include <memory>
#include <numeric>
#include <vector>

#include <ATen/ATen.h>
#include <gmock/gmock.h>

#include "zoetrope/comm/communicator.hpp"
#include "zoetrope/model/folder.hpp"
#include "zoetrope/train/options.hpp"

#include "device_update.hpp"
#include "optimizer.hpp"
#include "saver.hpp"
#include "schedule.hpp"
#include "step.hpp"
#include "tensor_dataset.hpp"
#include "training_data.hpp"

namespace zoetrope::train {
namespace {

using testing::golden;

TEST(LinearSchedule, RisesThenFallsToZeroAfterTheLastStep) {
  const LinearSchedule schedule(1.0, 0.1, 20);

  EXPECT_EQ(schedule.warmup_steps, 2);
  EXPECT_EQ(schedule.at(0), 0);
  EXPECT_EQ(schedule.at(1), 0.5);
  EXPECT_EQ(schedule.at(2), 1);
  EXPECT_DOUBLE_EQ(schedule.at(19), 1.0 / 18);
  EXPECT_EQ(schedule.at(20), 0);
}

TEST(LinearSchedule, RoundsWarmupUpInDoubleAsTrainer) {
  EXPECT_EQ(LinearSchedule(1.0, 0.07, 100).warmup_steps, 8);  // 100 * 0.07 is just above 7
  EXPECT_EQ(LinearSchedule(1.0, 0.0, 5).at(0), 1.0);
}

TEST(StepsOfEpochs, AreRoundedUp) {
  EXPECT_EQ(steps_of_epochs(3, 8), 24);
  EXPECT_EQ(steps_of_epochs(0.04, 1563), 63);
}

Clipping clip_alone(const at::Tensor& gradient, double max_norm) {
  return clip_gradient(gradient, max_norm, {}, *comm::make_single_communicator());
}

// The steps of a training of `seconds` each at which its clock says that the optimizer's state is due.
std::vector<int> due_steps(double interval, int save_steps, double seconds, int steps) {
  ResumeClock clock(interval, save_steps);
  std::vector<int> due;
  for (int step = 1; step <= steps; ++step) {
    const double now = seconds * step;
    if (!clock.is_due(step % save_steps == 0, now)) continue;
    due.push_back(step);
    clock.saved(now);
  }
  return due;
}

TEST(TrainOptions, CountFramesAsTheySayWhichStepsAreOnes) {
  TrainOptions options;
  for (options.max_steps = 0; options.max_steps <= 12; ++options.max_steps)
    for (options.save_steps = 1; options.save_steps <= 14; ++options.save_steps) {
      std::int64_t frames = 0;
      for (std::int64_t step = 0; step <= options.max_steps; ++step) {
        frames += options.is_frame(step) ? 1 : 0;
        EXPECT_EQ(options.num_frames(step), frames) << options.max_steps << " " << options.save_steps;
      }
      EXPECT_EQ(options.num_frames(), frames) << options.max_steps << " " << options.save_steps;
    }
}

TEST(ResumeClock, FallsDueWithTheLastFrameInTime) {
  EXPECT_EQ(due_steps(120, 20, 1, 400), (std::vector<int>{120, 240, 360}));
  EXPECT_EQ(due_steps(119, 20, 1, 400), (std::vector<int>{100, 200, 300, 400}));
}

TEST(ResumeClock, FallsDueBetweenFramesThatAreFartherApart) {
  EXPECT_EQ(due_steps(120, 300, 1, 600), (std::vector<int>{120, 240, 300, 420, 540, 600}));
}

TEST(ResumeClock, FallsDueWithEveryFrameForAnIntervalOfZero) {
  EXPECT_EQ(due_steps(0, 20, 1, 70), (std::vector<int>{20, 40, 60}));
}

TEST(ClipGradient, ScalesToTheLargestNormOnlyWhenAbove) {
  const at::Tensor gradient = at::full({4}, 3.0, at::kFloat);

  EXPECT_EQ(clip_alone(gradient, 12).norm.item<float>(), 6);
  EXPECT_EQ(clip_alone(gradient, 12).factor.item<float>(), 1);
  EXPECT_NEAR(clip_alone(gradient, 2).factor.item<float>(), 1.0 / 3, 1e-6);
  EXPECT_EQ(clip_alone(gradient, 0).factor.item<float>(), 1);
}

class GradientNorm : public ::testing::TestWithParam<std::int64_t> {};

TEST_P(GradientNorm, IsLibtorchs) {
  const at::Tensor gradient = at::randn({GetParam()});

  const double norm = clip_alone(gradient, 0).norm.item<double>();

  EXPECT_NEAR(norm, gradient.to(at::kDouble).norm().item<double>(), 1e-6 * norm);
}

INSTANTIATE_TEST_SUITE_P(Sizes, GradientNorm, ::testing::Values(0, 1, 15, 16384, 100003));

// Between parameters is padding.
void expect_equal_parameters(const model::Vit& model, const at::Tensor& ours, const at::Tensor& theirs) {
  for (const model::Parameter& parameter : model.parameters())
    EXPECT_TRUE(ours.narrow(0, parameter.offset, parameter.size())
                    .allclose(theirs.narrow(0, parameter.offset, parameter.size()), 1e-6, 1e-7))
        << parameter.parts.front().name;
}

// From `factor` times the gradient.
using UpdateState = std::function<void(const at::Tensor& gradient, const at::Tensor& factor)>;

// In the first steps, where the moments are corrected most, with a gradient that is clipped.
void expect_libtorchs_adamw(const TrainingState& state, const UpdateState& update) {
  const model::Vit& model = state.model;
  model.flat().normal_();
  const at::Tensor values = model.flat().clone(), exp_avg = at::zeros_like(values),
                   exp_avg_sq = exp_avg.clone();
  const at::Tensor learning_rate = at::scalar_tensor(0.01, at::kDouble), step = at::zeros({}, at::kFloat);
  for (int i = 0; i < 3; ++i) {
    const at::Tensor gradient = at::randn_like(values), clipped = gradient * 0.25;
    update(gradient, at::scalar_tensor(0.25, at::kFloat));
    step.add_(1);
    for (const model::Parameter& parameter : model.parameters()) {
      const auto part = [&](const at::Tensor& flat) {
        return std::vector<at::Tensor>{flat.narrow(0, parameter.offset, parameter.size())};
      };
      at::_fused_adamw_(part(values), part(clipped), part(exp_avg), part(exp_avg_sq), {}, {step},
                        learning_rate, 0.9, 0.999, parameter.decays ? 0.1 : 0.0, 1e-8, false, false);
    }
  }
  expect_equal_parameters(model, model.flat(), values);
  expect_equal_parameters(model, state.exp_avg, exp_avg);
  expect_equal_parameters(model, state.exp_avg_sq, exp_avg_sq);
}

TEST(AdamW, UpdatesAsLibtorchs) {
  const auto communicator = comm::make_single_communicator();
  const TrainingState state = make_state(model::load_checkpoint(golden("vit-tiny")), *communicator);
  AdamW optimizer(state, 0.1, *communicator);
  optimizer.set_learning_rate(0.01);
  expect_libtorchs_adamw(
      state, [&](const at::Tensor& gradient, const at::Tensor& factor) { optimizer.step(gradient, factor); });
}

// libtorch has the kernel that devices run for CPUs, too.
TEST(AdamW, UpdatesAsLibtorchsOnADevice) {
  const auto communicator = comm::make_single_communicator();
  const TrainingState state = make_state(model::load_checkpoint(golden("vit-tiny")), *communicator);
  std::vector<DecaySpan> spans;
  for (const model::Parameter& parameter : state.model.parameters())
    spans.push_back({parameter.offset, parameter.size(), parameter.decays ? 0.1 : 0.0});
  const at::Tensor step = at::zeros({}, at::kFloat), learning_rate = at::scalar_tensor(0.01, at::kFloat);
  expect_libtorchs_adamw(state, [&](const at::Tensor& gradient, const at::Tensor& factor) {
    step.add_(1);
    const at::Tensor clipped = gradient * factor;
    adamw_on_device(state, gradient, factor, spans, step, learning_rate, {});
    expect_equal_parameters(state.model, gradient, clipped);  // as clip_grad_norm_ leaves it
  });
}

TEST(StepRunner, AShortLastBatchIsWeightedByItsImages) {
  // Trainer on 250 images: every eighth step has 26 images.
  const store::SafetensorsFile expected(golden("train-50/short-last-batch.safetensors"));
  const at::Tensor losses = expected.view("loss").clone();
  const auto preprocessor = testing::golden_preprocessor();
  const auto images = testing::cache_of(testing::golden_images(250), preprocessor);
  auto communicator = comm::make_single_communicator();
  const TrainingState state = make_state(model::load_checkpoint(golden("train-50/initial")), *communicator);
  StepRunner runner(state.model, *images, preprocessor, model::Precision::kFloat32, 1, 32, 8, state.share,
                    *communicator);
  AdamW optimizer(state, 0.0, *communicator);
  const LinearSchedule schedule(5e-4, 0.1, 24);

  for (std::int64_t step = 0; step < 24; ++step) {
    std::vector<std::int64_t> batch;
    for (std::int64_t i = step % 8 * 32; i < std::min<std::int64_t>(250, (step % 8 + 1) * 32); ++i)
      batch.push_back(i);
    const double loss = runner.run(runner.load(batch, step / 8))[0].item<double>();
    optimizer.set_learning_rate(schedule.at(step));
    optimizer.step(runner.gradient(), clip_alone(runner.gradient(), 1.0).factor);
    EXPECT_NEAR(loss, losses[step].item<double>(), 1e-4 * loss) << "step " << step;
  }
}

TEST(ActivationMemory, IsHalfOfWhatGradientAndCopiesLeaveOfADevice) {
  constexpr double kGiB = 1 << 30;
  EXPECT_EQ(activation_memory_of_device(16 * kGiB, 0), 8 * kGiB);
  EXPECT_EQ(activation_memory_of_device(16 * kGiB, 1.25 * kGiB), 5.5 * kGiB);
  EXPECT_EQ(activation_memory_of_device(5 * kGiB, 1.25 * kGiB), 0);
  EXPECT_EQ(activation_memory_of_device(kGiB, 1.25 * kGiB), 0);
}

// In bf16 products take a copy of the weights, which must be that of the step.
TEST(StepRunner, RoundsTheWeightsOfEachStep) {
  const auto preprocessor = testing::golden_preprocessor();
  const auto images = testing::cache_of(testing::golden_images(24), preprocessor);
  auto communicator = comm::make_single_communicator();
  const TrainingState state = make_state(model::load_checkpoint(golden("train-50/initial")), *communicator);
  const auto make_runner = [&](std::int64_t micro_batch) {
    return std::make_unique<StepRunner>(state.model, *images, preprocessor, model::Precision::kBFloat16, 1,
                                        24, micro_batch, state.share, *communicator);
  };
  std::vector<std::int64_t> batch(24);
  std::iota(batch.begin(), batch.end(), 0);
  const auto run = [&](StepRunner& runner) { return runner.run(runner.load(batch, 0))[0].item<double>(); };

  const auto runner = make_runner(24), in_passes = make_runner(7);
  const double before = run(*runner);
  state.model.flat().mul_(1.25);
  const double after = run(*runner);

  EXPECT_NE(after, before);
  EXPECT_EQ(after, run(*make_runner(24)));
  EXPECT_NEAR(run(*in_passes), after, 1e-3 * after);
  EXPECT_LT(testing::relative_difference(in_passes->gradient(), runner->gradient()), 0.02);
}

}  // namespace
}  // namespace zoetrope::train
