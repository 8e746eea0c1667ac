// SPDX-License-Identifier: Apache-2.0
// Model folders: what is kept through reading and writing, and what is refused.
#include "zoetrope/model/folder.hpp"

#include <fstream>
#include <limits>

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>
#include <gmock/gmock.h>

#include "zoetrope/support/error.hpp"
#include "zoetrope/support/files.hpp"

#include "fingerprint.hpp"
#include "model_folders.hpp"

namespace zoetrope::model {
namespace {

namespace fs = std::filesystem;
using support::Json;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using testing::golden;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::largest_difference;
using testing::scratch_folder;
using ::testing::SizeIs;
using ::testing::TestWithParam;
using ::testing::ThrowsMessage;
using ::testing::Values;

const std::vector<std::string> kClasses = {"cat", "dög", "<b>\"quoted\"</b>"};

class Saved : public TestWithParam<const char*> {};

TEST_P(Saved, AndLoadedIsTheSameModel) {
  const auto folder = scratch_folder();
  const Vit model = load_for_fine_tuning(golden(GetParam()), kClasses, 7);

  save_model(model, folder);
  const Vit loaded = load_checkpoint(folder);

  EXPECT_EQ(testing::fingerprint(model), testing::fingerprint(loaded));
  EXPECT_EQ(loaded.config().id2label, kClasses);
  EXPECT_EQ(loaded.config().to_json(), model.config().to_json());
  ASSERT_EQ(loaded.extra_tensors.size(), model.extra_tensors.size());
  for (std::size_t i = 0; i < loaded.extra_tensors.size(); ++i)
    EXPECT_TRUE(at::equal(loaded.extra_tensors[i].second, model.extra_tensors[i].second));
}

INSTANTIATE_TEST_SUITE_P(Families, Saved,
                         Values("vit-tiny", "vit-shapes/sharded", "vit-families/deit",
                                "vit-families/mae-pretraining", "vit-families/dinov2",
                                "vit-families/dinov2-encoder", "vit-families/dinov2-swiglu"));

// As all that is used of a file with a digest.
TEST(Saved, GivesItsClassifierWhereEveryByteOfItHolds) {
  const auto folder = scratch_folder();
  Vit model = load_for_fine_tuning(golden("vit-tiny"), kClasses, 7);
  const std::string digest = save_model(model, folder);
  EXPECT_EQ(StoredModel(folder).read_classifier().digest, digest);

  std::string content = support::read_file(folder / "model.safetensors");
  content.back() = static_cast<char>(content.back() ^ 1);
  std::ofstream(folder / "model.safetensors", std::ios::binary) << content;
  EXPECT_THAT([&] { StoredModel(folder).read_classifier(); },
              ThrowsMessage<InputError>(HasSubstr("model.safetensors: is damaged")));

  const c10::NoGradGuard no_grad;
  model.flat().fill_(std::numeric_limits<float>::infinity());
  save_model(model, folder);
  EXPECT_THAT([&] { StoredModel(folder).read_classifier(); },
              ThrowsMessage<InputError>(HasSubstr("holds a classifier that is not finite")));
}

TEST(Saved, KeepsTheMaskTokenOfDinov2) {
  const Vit model = load_for_fine_tuning(golden("vit-families/dinov2"), kClasses, 7);

  ASSERT_THAT(model.extra_tensors, SizeIs(1));
  EXPECT_EQ(model.extra_tensors[0].first, "dinov2.embeddings.mask_token");
  EXPECT_TRUE(at::equal(model.extra_tensors[0].second,
                        store::SafetensorsFile(golden("vit-families/dinov2/model.safetensors"))
                            .view("dinov2.embeddings.mask_token")));
  EXPECT_THAT(load_for_fine_tuning(golden("vit-families/dinov2-encoder"), kClasses, 7).extra_tensors,
              IsEmpty());
}

TEST(FineTuning, ReplacesAClassifierOfAnotherSize) {
  const auto folder = copy_of("vit-tiny");
  const Vit three = load_for_fine_tuning(folder, kClasses, 42);
  support::write_file(folder / "config.json", three.config().to_json().dump());

  EXPECT_EQ(three.classify(at::zeros({1, 32})).size(1), 3);
  EXPECT_THAT([&] { load_checkpoint(folder); },
              ThrowsMessage<InputError>(AllOf(HasSubstr("classifier.weight"), HasSubstr("[10, 32]"))));
}

TEST(FineTuning, KeepsAClassifierThatFits) {
  const Vit stored = load_checkpoint(golden("vit-families/deit"));
  const Vit model = load_for_fine_tuning(golden("vit-families/deit"), kClasses, 42);

  EXPECT_EQ(testing::fingerprint(model), testing::fingerprint(stored));
}

TEST(FineTuning, OnImagesOfAnotherSizeStartsAsTransformersInterpolates) {
  const auto folder = golden("vit-families/vit-larger-images");
  const store::SafetensorsFile expected(folder / "golden.safetensors");
  const at::Tensor pixels = expected.view("pixels").clone();

  const Vit model = load_for_fine_tuning(folder, kClasses, 42, pixels.size(2));

  EXPECT_EQ(model.config().to_json().at("image_size"), 21);
  EXPECT_EQ(model.config().num_tokens(), 26);
  EXPECT_LT(largest_difference(model.logits(pixels), expected.view("logits")), 1e-5);
}

TEST(FineTuning, Dinov2KeepsItsPositionEmbeddings) {
  const auto folder = golden("vit-families/dinov2-larger-images");
  const Vit model = load_for_fine_tuning(folder, kClasses, 42, 22);

  EXPECT_EQ(model.config().image_size, 12);
  EXPECT_EQ(testing::fingerprint(model), testing::fingerprint(load_checkpoint(folder)));
}

TEST(FineTuning, KeepsWhatElseConfigJsonSays) {
  const auto folder = copy_of("vit-families/mae-pretraining");
  change_json(folder / "config.json", [](Json& json) {
    json["my_note"] = "kept";
    json["torch_dtype"] = "float16";
  });

  const Json json = load_for_fine_tuning(folder, kClasses, 42).config().to_json();

  EXPECT_EQ(json.at("my_note"), "kept");
  EXPECT_EQ(json.at("problem_type"), "single_label_classification");  // as Trainer leaves it
  EXPECT_EQ(json.at("architectures"), Json{"ViTForImageClassification"});
  EXPECT_EQ(json.at("model_type"), "vit");  // no classifier exists for vit_mae
  EXPECT_FALSE(json.contains("decoder_hidden_size"));
  EXPECT_FALSE(json.contains("torch_dtype"));
}

TEST(Refused, AMissingTensorIsNamed) {
  const auto folder = copy_of("vit-tiny");
  change_tensors(folder / "model.safetensors", [](const std::string& name, at::Tensor tensor) {
    return name == "vit.layernorm.bias" ? at::Tensor() : tensor;
  });

  EXPECT_THAT([&] { load_checkpoint(folder); },
              ThrowsMessage<InputError>(HasSubstr("\"vit.layernorm.bias\" is missing")));
}

TEST(Refused, APickleWithTheWayToConvertIt) {
  const auto folder = scratch_folder();
  fs::copy(golden("vit-tiny/config.json"), folder / "config.json");
  support::write_file(folder / "pytorch_model.bin", "PK");

  EXPECT_THAT([&] { load_checkpoint(folder); },
              ThrowsMessage<InputError>(AllOf(HasSubstr("pytorch_model.bin"), HasSubstr("save_pretrained"))));
}

TEST(ForeignFolder, ADistilledModelsTwoClassifiersAreLeftOut) {
  EXPECT_EQ(load_checkpoint(golden("vit-families/deit-with-teacher")).config().num_labels(), 0);
}

TEST(Refused, WeightsThatAreIntegers) {
  const auto folder = copy_of("vit-tiny");
  change_tensors(folder / "model.safetensors", [](const std::string& name, at::Tensor tensor) {
    return name == "vit.layernorm.bias" ? tensor.to(at::kChar) : tensor;
  });

  EXPECT_THAT([&] { load_checkpoint(folder); },
              ThrowsMessage<InputError>(HasSubstr("\"vit.layernorm.bias\" is of type Char")));
}

TEST(CheckWeights, FindsNothingWrongInAWholeModel) {
  const WeightReport report = check_weights(golden("vit-shapes/base-with-pooler"));

  EXPECT_THAT(report.problems, IsEmpty());
  EXPECT_FALSE(report.has_classifier);
  EXPECT_THAT(report.unused, ElementsAre("pooler.dense.bias", "pooler.dense.weight"));
  EXPECT_TRUE(check_weights(golden("vit-tiny")).has_classifier);
}

TEST(CheckWeights, NamesEveryTensorThatWouldNotLoad) {
  const auto folder = copy_of("vit-tiny");
  change_tensors(folder / "model.safetensors", [](const std::string& name, at::Tensor tensor) {
    if (name == "vit.embeddings.cls_token") return at::Tensor();
    return name == "vit.layernorm.weight" ? tensor.narrow(0, 0, 31).clone() : tensor;
  });
  change_json(folder / "config.json", [](Json& json) { json["num_hidden_layers"] = 1; });

  const WeightReport report = check_weights(folder);

  EXPECT_THAT(report.problems, SizeIs(1 + 1 + 16));  // the second layer's tensors are not expected
  EXPECT_THAT(report.problems, Contains(AllOf(HasSubstr("cls_token"), HasSubstr("missing"))));
  EXPECT_THAT(report.problems, Contains(AllOf(HasSubstr("layernorm.weight"), HasSubstr("[31]"))));
  EXPECT_THAT(report.problems, Contains(HasSubstr("vit.encoder.layer.1.output.dense.bias")));
  EXPECT_THAT([&] { load_checkpoint(folder); }, ThrowsMessage<InputError>(HasSubstr("17 more")));
}

void expect_refused(const fs::path& folder, const std::string& file, const std::string& what) {
  EXPECT_THAT([&] { load_checkpoint(folder); },
              ThrowsMessage<InputError>(AllOf(HasSubstr(file), HasSubstr(what))));
}

constexpr const char* kIndex = "model.safetensors.index.json";
constexpr const char* kThird = "model-00003-of-00003.safetensors";

TEST(Shards, ATensorInTwoOfThemIsRefused) {
  const auto folder = copy_of("vit-shapes/sharded");
  const store::SafetensorsFile first(golden("vit-shapes/sharded/model-00001-of-00003.safetensors"));
  store::NamedTensors tensors;
  {
    const store::SafetensorsFile third(folder / kThird);
    for (const std::string& name : third.names()) tensors.emplace_back(name, third.view(name).clone());
  }
  tensors.emplace_back("classifier.bias", first.view("classifier.bias"));
  store::write_safetensors(folder / kThird, tensors, {});

  expect_refused(folder, kThird, "\"classifier.bias\"");
}

TEST(Shards, ATensorInNoneOfThemIsRefused) {
  const auto folder = copy_of("vit-shapes/sharded");
  change_json(folder / kIndex, [](Json& json) { json["weight_map"]["vit.extra"] = kThird; });

  expect_refused(folder, kThird, "\"vit.extra\" is missing");
}

TEST(Shards, ATensorThatTheIndexDoesNotListIsRefused) {
  const auto folder = copy_of("vit-shapes/sharded");
  change_json(folder / kIndex, [](Json& json) { json["weight_map"].erase("vit.layernorm.bias"); });

  expect_refused(folder, "\"vit.layernorm.bias\"", "does not list");
}

TEST(Shards, AMissingFileIsRefused) {
  const auto folder = copy_of("vit-shapes/sharded");
  fs::remove(folder / kThird);

  expect_refused(folder, kThird, "cannot be opened");
}

TEST(Shards, AFileOutsideTheFolderIsRefused) {
  for (const char* file : {"../model.safetensors", "/etc/passwd", "..", "", "config.json"}) {
    const auto folder = copy_of("vit-shapes/sharded");
    change_json(folder / kIndex, [&](Json& json) { json["weight_map"]["vit.layernorm.bias"] = file; });

    expect_refused(folder, kIndex, "\"vit.layernorm.bias\"");
  }
}

TEST(Shards, AnIndexOfAnotherKindIsRefused) {
  for (const char* text :
       {"[]", "{}", R"({"weight_map": []})", R"({"weight_map": {}})", R"({"weight_map": {"a": 1}})"}) {
    const auto folder = copy_of("vit-shapes/sharded");
    support::write_file(folder / kIndex, text);

    expect_refused(folder, kIndex, "weight_map");
  }
}

}  // namespace
}  // namespace zoetrope::model
