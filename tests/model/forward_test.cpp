// SPDX-License-Identifier: Apache-2.0
// The model against transformers' own results (tests/golden/make_model_golden.py, make_families_golden.py).
#include <ATen/ATen.h>
#include <gmock/gmock.h>

#include "zoetrope/model/folder.hpp"
#include "zoetrope/model/precision.hpp"
#include "zoetrope/model/vit.hpp"

#include "tensors.hpp"

namespace zoetrope::model {
namespace {

using testing::golden;
using testing::largest_difference;
using testing::relative_difference;
using ::testing::TestWithParam;
using ::testing::Values;

class Classifiers : public TestWithParam<const char*> {};

TEST_P(Classifiers, ComputeWhatTransformersComputes) {
  const auto folder = golden(GetParam());
  const Vit model = load_checkpoint(folder);
  const store::SafetensorsFile expected(folder / "golden.safetensors");
  const at::Tensor pixels = expected.view("pixels").clone();

  EXPECT_LT(largest_difference(model.embed(pixels), expected.view("cls")), 1e-5);
  EXPECT_LT(largest_difference(model.features(pixels).narrow(1, 0, model.config().hidden_size),
                               expected.view("cls")),
            1e-5);
  EXPECT_LT(largest_difference(model.logits(pixels), expected.view("logits")), 1e-5);
}

INSTANTIATE_TEST_SUITE_P(Shapes, Classifiers,
                         Values("vit-tiny", "vit-shapes/one-head-gelu-new", "vit-shapes/gelu-pytorch-tanh",
                                "vit-shapes/no-qkv-bias-relu-grey", "vit-shapes/quick-gelu-eps",
                                "vit-shapes/patch-leaves-border", "vit-shapes/two-labels"));
INSTANTIATE_TEST_SUITE_P(Stored, Classifiers,
                         Values("vit-shapes/float16", "vit-shapes/bfloat16", "vit-shapes/sharded",
                                "vit-families/vit-names-of-memory", "vit-families/dinov2-names-of-memory"));
INSTANTIATE_TEST_SUITE_P(Families, Classifiers,
                         Values("vit-families/deit", "vit-families/dinov2", "vit-families/dinov2-swiglu",
                                "vit-families/registers", "vit-families/clip"));
INSTANTIATE_TEST_SUITE_P(ImagesOfAnotherSize, Classifiers,
                         Values("vit-families/vit-larger-images", "vit-families/vit-smaller-images",
                                "vit-families/deit-larger-images", "vit-families/dinov2-larger-images",
                                "vit-families/dinov2-smaller-images", "vit-families/registers-larger-images",
                                "vit-families/registers-smaller-images", "vit-families/clip-larger-images"));

// Files without a classifier that fits are a start for fine-tuning; the encoder must be theirs.
class Encoders : public TestWithParam<const char*> {};

TEST_P(Encoders, EmbedAsTransformersAndGetANewClassifier) {
  const auto folder = golden(GetParam());
  const Vit model = load_for_fine_tuning(folder, {"a", "b", "c", "d", "e"}, 42);
  const store::SafetensorsFile expected(folder / "golden.safetensors");
  const at::Tensor pixels = expected.view("pixels").clone();

  EXPECT_LT(largest_difference(model.embed(pixels), expected.view("cls")), 1e-5);
  EXPECT_EQ(model.logits(pixels).size(1), 5);
}

INSTANTIATE_TEST_SUITE_P(Golden, Encoders,
                         Values("vit-shapes/base-with-pooler", "vit-shapes/masked-image-modeling",
                                "vit-families/deit-with-teacher", "vit-families/deit-masked-image-modeling",
                                "vit-families/mae", "vit-families/mae-pretraining",
                                "vit-families/dinov2-encoder", "vit-families/registers-encoder",
                                "vit-families/clip-tower"));

at::Tensor gradients_of(const Vit& model) {
  at::Tensor gradients = at::zeros_like(model.flat());
  for (std::size_t i = 0; i < model.tensors().size(); ++i)
    gradients.narrow(0, model.parameters()[i].offset, model.parameters()[i].size())
        .copy_(model.tensors()[i].grad().reshape(-1));
  return gradients;
}

class Training : public TestWithParam<const char*> {};

TEST_P(Training, GradientsOfEveryParameterEqualTransformers) {
  const auto folder = golden(GetParam());
  const Vit model = load_checkpoint(folder);
  const store::SafetensorsFile expected(folder / "golden.safetensors");

  const at::Tensor logits = model.logits(expected.view("pixels").clone());
  const at::Tensor loss = at::cross_entropy_loss(logits, expected.view("labels").clone());
  loss.backward();

  EXPECT_NEAR(loss.item<double>(), expected.view("loss").item<double>(), 1e-6);
  std::size_t compared = 0;
  for (const auto& [name, gradient] : named_views(model.parameters(), gradients_of(model))) {
    EXPECT_LT(largest_difference(gradient, expected.view("grad." + name)),
              1e-4 * std::max(1.0, expected.view("grad." + name).abs().max().item<double>()))
        << name;
    ++compared;
  }
  const auto names = expected.names();
  EXPECT_EQ(compared, std::count_if(names.begin(), names.end(),
                                    [](const std::string& name) { return name.starts_with("grad."); }));
}

INSTANTIATE_TEST_SUITE_P(Golden, Training,
                         Values("vit-tiny", "vit-families/deit", "vit-families/deit-larger-images",
                                "vit-families/dinov2", "vit-families/dinov2-larger-images",
                                "vit-families/dinov2-smaller-images", "vit-families/dinov2-swiglu",
                                "vit-families/registers", "vit-families/registers-larger-images",
                                "vit-families/vit-larger-images", "vit-families/clip",
                                "vit-families/clip-larger-images"));

class WeightDecay : public TestWithParam<const char*> {};

TEST_P(WeightDecay, IsOnTheParametersThatTrainerLetsDecay) {
  const auto folder = golden(GetParam());
  const Vit model = load_checkpoint(folder);
  const store::SafetensorsFile expected(folder / "golden.safetensors");

  for (const Parameter& parameter : model.parameters())
    for (const Parameter::Part& part : parameter.parts)
      EXPECT_EQ(parameter.decays, expected.view("decay." + part.name).item<std::uint8_t>() == 1) << part.name;
}

INSTANTIATE_TEST_SUITE_P(Golden, WeightDecay,
                         Values("vit-families/vit-larger-images", "vit-families/deit", "vit-families/dinov2",
                                "vit-families/registers", "vit-families/clip"));

// bfloat16 keeps 8 bits: a percent or two after two layers, far from what a wrong term would do.
class LowPrecision : public TestWithParam<const char*> {};

TEST_P(LowPrecision, StaysCloseToFloat32) {
  const auto folder = golden(GetParam());
  const Vit model = load_checkpoint(folder);
  const at::Tensor pixels = store::SafetensorsFile(folder / "golden.safetensors").view("pixels").clone();
  const at::Tensor expected = model.features(pixels);

  const at::Tensor features = model.features(pixels, model.rounded(Precision::kBFloat16));

  EXPECT_GT(relative_difference(features, expected), 0);  // it was in effect
  EXPECT_LT(relative_difference(features, expected), 0.05);
}

INSTANTIATE_TEST_SUITE_P(Golden, LowPrecision,
                         Values("vit-tiny", "vit-families/deit", "vit-families/dinov2-larger-images",
                                "vit-families/dinov2-swiglu", "vit-families/clip"));

TEST(LowPrecision, GradientsStayFloat32AndClose) {
  const auto folder = golden("vit-tiny");
  const Vit model = load_checkpoint(folder);
  const store::SafetensorsFile expected(folder / "golden.safetensors");

  const at::Tensor logits =
      model.logits(expected.view("pixels").clone(), model.rounded(Precision::kBFloat16));
  at::cross_entropy_loss(logits.to(at::kFloat), expected.view("labels").clone()).backward();

  const at::Tensor gradients = gradients_of(model);
  EXPECT_EQ(model.tensors()[0].grad().scalar_type(), at::kFloat);
  double inner = 0, ours = 0, theirs = 0;  // of all gradients as one vector
  for (const auto& [name, gradient] : named_views(model.parameters(), gradients)) {
    const at::Tensor other = expected.view("grad." + name).clone();
    inner += (gradient * other).sum().item<double>();
    ours += gradient.square().sum().item<double>();
    theirs += other.square().sum().item<double>();
  }
  EXPECT_GT(inner / std::sqrt(ours * theirs), 0.999);
}

// As in a step of several passes, whose gradients are added up in the leaves' own buffers.
TEST(LowPrecision, AddsToGradientsThatAreThere) {
  const Vit model = load_checkpoint(golden("vit-tiny"));
  const at::Tensor pixels = at::randn({2, 3, 28, 28}), rounded = model.rounded(Precision::kBFloat16);
  const Vit once = model.replica(), twice = model.replica();
  for (const at::Tensor& tensor : twice.tensors()) tensor.mutable_grad() = at::ones_like(tensor);

  once.logits(pixels, rounded).sum().backward();
  for (int i = 0; i < 2; ++i) twice.logits(pixels, rounded).sum().backward();

  for (std::size_t i = 0; i < once.tensors().size(); ++i)
    EXPECT_LT(relative_difference(twice.tensors()[i].grad(), 1 + 2 * once.tensors()[i].grad()), 1e-5)
        << model.parameters()[i].parts.front().name;
}

TEST(Vit, AReplicaSharesTheWeightsButNotTheGradients) {
  const Vit model = load_checkpoint(golden("vit-tiny"));
  const Vit replica = model.replica();
  const at::Tensor pixels = at::ones({2, 3, 28, 28});

  replica.logits(pixels).sum().backward();

  EXPECT_TRUE(at::equal(model.embed(pixels), replica.embed(pixels)));
  EXPECT_EQ(model.tensors()[0].const_data_ptr(), replica.tensors()[0].const_data_ptr());
  EXPECT_FALSE(model.tensors()[0].grad().defined());
  EXPECT_TRUE(replica.tensors()[0].grad().defined());
}

TEST(Vit, EmbedsImagesAloneAsInABatch) {
  const Vit model = load_checkpoint(golden("vit-families/dinov2-larger-images"));
  const at::Tensor pixels = at::randn({7, 3, 22, 22});

  const at::Tensor together = model.features(pixels);

  EXPECT_EQ(model.features(pixels.narrow(0, 0, 0)).size(0), 0);
  for (std::int64_t i = 0; i < 7; ++i)
    EXPECT_LT(largest_difference(model.features(pixels.narrow(0, i, 1)), together.narrow(0, i, 1)), 1e-5);
}

}  // namespace
}  // namespace zoetrope::model
