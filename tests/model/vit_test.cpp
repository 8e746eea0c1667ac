// SPDX-License-Identifier: Apache-2.0
// The model against transformers' own results (tests/golden/make_model_golden.py).
#include "zoetrope/model/vit.hpp"

#include <fstream>

#include <ATen/ATen.h>
#include <gmock/gmock.h>

#include "zoetrope/model/folder.hpp"
#include "zoetrope/support/error.hpp"
#include "zoetrope/support/files.hpp"

#include "tensors.hpp"

namespace zoetrope::model {
namespace {

using testing::golden;
using ::testing::HasSubstr;
using testing::largest_difference;
using testing::relative_difference;
using testing::scratch_folder;
using ::testing::TestWithParam;

class VitShapes : public TestWithParam<const char*> {};

TEST_P(VitShapes, ComputesWhatTransformersComputes) {
  const auto folder = golden(GetParam());
  const Vit model = load_checkpoint(folder);
  const SafetensorsFile expected(folder / "golden.safetensors");

  const at::Tensor cls = model.embed(expected.view("pixels").clone());

  EXPECT_LT(largest_difference(cls, expected.view("cls")), 1e-5);
  if (expected.has("logits")) {
    EXPECT_LT(largest_difference(model.classify(cls), expected.view("logits")), 1e-5);
  }
}

INSTANTIATE_TEST_SUITE_P(Golden, VitShapes,
                         ::testing::Values("vit-tiny", "vit-shapes/one-head-gelu-new",
                                           "vit-shapes/gelu-pytorch-tanh", "vit-shapes/no-qkv-bias-relu-grey",
                                           "vit-shapes/quick-gelu-eps", "vit-shapes/patch-leaves-border",
                                           "vit-shapes/two-labels"));

// Files without a classifier are a start for fine-tuning; the encoder must be theirs.
class VitEncoders : public TestWithParam<const char*> {};

TEST_P(VitEncoders, EmbedsAsTransformersAndGetsANewClassifier) {
  const auto folder = golden(GetParam());
  const Vit model = load_for_fine_tuning(folder, {"a", "b", "c"}, 42);
  const SafetensorsFile expected(folder / "golden.safetensors");

  const at::Tensor cls = model.embed(expected.view("pixels").clone());

  EXPECT_LT(largest_difference(cls, expected.view("cls")), 1e-5);
  EXPECT_EQ(model.classify(cls).size(1), 3);
}

INSTANTIATE_TEST_SUITE_P(Golden, VitEncoders,
                         ::testing::Values("vit-shapes/base-with-pooler",
                                           "vit-shapes/masked-image-modeling"));

TEST(Vit, GradientsOfEveryParameterEqualTransformers) {
  const auto folder = golden("vit-tiny");
  const Vit model = load_checkpoint(folder);
  const SafetensorsFile expected(folder / "golden.safetensors");

  const at::Tensor logits = model.logits(expected.view("pixels").clone());
  const at::Tensor loss = at::cross_entropy_loss(logits, expected.view("labels").clone());
  loss.backward();

  EXPECT_NEAR(loss.item<double>(), expected.view("loss").item<double>(), 1e-6);
  at::Tensor gradients = at::zeros_like(model.flat());
  for (std::size_t i = 0; i < model.tensors().size(); ++i)
    gradients.narrow(0, model.parameters()[i].offset, model.parameters()[i].size())
        .copy_(model.tensors()[i].grad().reshape(-1));
  int compared = 0;
  for (const auto& [name, gradient] : named_views(model.parameters(), gradients)) {
    EXPECT_LT(largest_difference(gradient, expected.view("grad." + name)),
              1e-4 * std::max(1.0, expected.view("grad." + name).abs().max().item<double>()))
        << name;
    ++compared;
  }
  EXPECT_EQ(compared, static_cast<int>(SafetensorsFile(folder / "model.safetensors").names().size()));
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

TEST(Vit, SavedAndLoadedIsTheSameModel) {
  const auto folder = scratch_folder();
  const Vit model = load_for_fine_tuning(golden("vit-tiny"), {"cat", "dög", "<b>\"quoted\"</b>"}, 7);

  save_model(model, folder);
  const Vit loaded = load_checkpoint(folder);

  EXPECT_EQ(digest(model), digest(loaded));
  EXPECT_EQ(loaded.config().id2label, model.config().id2label);
}

TEST(Vit, AClassifierOfAnotherSizeIsReplacedOnlyForFineTuning) {
  const auto folder = scratch_folder();
  std::filesystem::copy(golden("vit-tiny"), folder, std::filesystem::copy_options::recursive);
  const Vit three = load_for_fine_tuning(folder, {"a", "b", "c"}, 42);
  support::write_file(folder / "config.json", three.config().to_json().dump());

  EXPECT_EQ(three.classify(at::zeros({1, 32})).size(1), 3);
  try {
    load_checkpoint(folder);
    FAIL() << "a classifier of the wrong size was accepted";
  } catch (const InputError& error) {
    EXPECT_THAT(error.what(), HasSubstr("classifier.weight"));
    EXPECT_THAT(error.what(), HasSubstr("[10, 32]"));
  }
}

TEST(Vit, AMissingTensorIsNamed) {
  const auto folder = scratch_folder();
  const SafetensorsFile original(golden("vit-tiny/model.safetensors"));
  NamedTensors fewer;
  for (const auto& name : original.names())
    if (name != "vit.layernorm.bias") fewer.emplace_back(name, original.view(name));
  write_safetensors(folder / "model.safetensors", fewer, {});
  std::filesystem::copy(golden("vit-tiny/config.json"), folder / "config.json");

  EXPECT_THAT([&] { load_checkpoint(folder); },
              ::testing::ThrowsMessage<InputError>(HasSubstr("\"vit.layernorm.bias\" is missing")));
}

TEST(Vit, APickleIsRefusedWithTheWayToConvertIt) {
  const auto folder = scratch_folder();
  std::filesystem::copy(golden("vit-tiny/config.json"), folder / "config.json");
  support::write_file(folder / "pytorch_model.bin", "PK");

  EXPECT_THAT([&] { load_checkpoint(folder); },
              ::testing::ThrowsMessage<InputError>(HasSubstr("save_pretrained")));
}

TEST(Initialize, HasTheStatisticsOfTransformers) {
  VitConfig config;
  config.id2label.assign(10, "x");
  config.num_hidden_layers = 2;
  Vit model(config);

  initialize(model, 42);

  for (const auto& [name, view] : named_views(model.parameters(), model.flat())) {
    const double mean = view.mean().item<double>();
    if (name.ends_with(".bias")) {
      EXPECT_EQ(view.abs().max().item<float>(), 0) << name;
    } else if (name.find("layernorm") != std::string::npos) {
      EXPECT_EQ(view.min().item<float>(), 1) << name;
    } else {
      const double standard_error = 0.02 / std::sqrt(static_cast<double>(view.numel()));
      EXPECT_NEAR(mean, 0, 5 * standard_error) << name;
      EXPECT_NEAR(view.std().item<double>(), 0.02, 5 * standard_error) << name;
    }
  }
}

TEST(Initialize, DependsOnTheSeedAlone) {
  VitConfig config = load_checkpoint(golden("vit-tiny")).config();
  Vit first(config), second(config), other(config);

  initialize(first, 1);
  initialize(second, 1);
  initialize(other, 2);

  EXPECT_EQ(digest(first), digest(second));
  EXPECT_NE(digest(first), digest(other));
}

TEST(ForwardFlops, OfVitBaseAreThePublishedOnesLessTheUnusedRows) {
  VitConfig config;
  config.id2label.assign(1000, "x");
  // 17.58 G multiply-adds (Dosovitskiy et al.; torchvision's vit_b_16), less 196 rows of the last layer's
  // query, attention, projection and MLP.
  const double rows = 196.0 * (2.0 * 768 * 768 + 2.0 * 768 * 3072 + 2.0 * 197 * 768);
  EXPECT_NEAR(forward_flops(config) / 2 + rows, 17.58e9, 0.02e9);
}

}  // namespace
}  // namespace zoetrope::model
