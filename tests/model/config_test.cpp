// SPDX-License-Identifier: Apache-2.0
#include "zoetrope/model/config.hpp"

#include <gmock/gmock.h>

#include "zoetrope/support/error.hpp"

namespace zoetrope::model {
namespace {

using support::Json;
using ::testing::HasSubstr;

Json with(const std::string& key, const Json& value) {
  Json json = {{"model_type", "vit"}};
  json[key] = value;
  return json;
}

TEST(VitConfig, HasHuggingFacesDefaults) {
  const VitConfig config = VitConfig::from_json({{"model_type", "vit"}}, "config.json");

  EXPECT_EQ(config.hidden_size, 768);
  EXPECT_EQ(config.num_tokens(), 197);
  EXPECT_EQ(config.layer_norm_eps, 1e-12);
  EXPECT_EQ(config.id2label, (std::vector<std::string>{"LABEL_0", "LABEL_1"}));
}

TEST(VitConfig, HasDinov2sDefaults) {
  const VitConfig config = VitConfig::from_json({{"model_type", "dinov2"}, {"mlp_ratio", 3}}, "config.json");

  EXPECT_EQ(config.family, Family::kDinov2);
  EXPECT_EQ(config.patch_size, 14);
  EXPECT_EQ(config.layer_norm_eps, 1e-6);
  EXPECT_EQ(config.intermediate_size, 3 * 768);
  EXPECT_EQ(config.num_features(), 2 * 768);
}

TEST(VitConfig, HasTheDefaultsOfDinov2WithRegisters) {
  const VitConfig config = VitConfig::from_json({{"model_type", "dinov2_with_registers"}}, "config.json");

  EXPECT_EQ(config.patch_size, 16);
  EXPECT_EQ(config.num_tokens(), 1 + 4 + 14 * 14);
  EXPECT_EQ(config.num_positions(), 1 + 14 * 14);
  EXPECT_EQ(VitConfig::from_json(config.to_json(), "c").to_json(), config.to_json());
}

TEST(VitConfig, ReadsOfClipTheVisionTower) {
  const Json tower = {{"model_type", "clip_vision_model"}, {"hidden_size", 24}, {"num_attention_heads", 2}};
  const Json both = {{"model_type", "clip"},
                     {"vision_config", tower},
                     {"text_config", {{"hidden_size", 8}}},
                     {"hidden_size", 7},  // nobody's
                     {"id2label", {{"0", "a"}}}};
  const VitConfig config = VitConfig::from_json(both, "config.json");

  EXPECT_EQ(config.hidden_size, 24);
  EXPECT_EQ(config.patch_size, 32);
  EXPECT_EQ(config.layer_norm_eps, 1e-5);
  EXPECT_EQ(config.hidden_act, Activation::kQuickGelu);
  EXPECT_EQ(config.id2label, (std::vector<std::string>{"a"}));
  EXPECT_EQ(config.to_json().at("text_config"), both.at("text_config"));
  EXPECT_EQ(VitConfig::from_json(config.to_json(), "c").to_json(), config.to_json());
  EXPECT_EQ(VitConfig::from_json({{"model_type", "clip"}, {"vision_config", nullptr}}, "c").hidden_size, 768);
  EXPECT_EQ(VitConfig::from_json(tower, "c").to_json().at("vision_config"),
            config.to_json().at("vision_config"));
  Json wrong = both;
  wrong["vision_config"]["hidden_size"] = "big";
  EXPECT_THAT([&] { VitConfig::from_json(wrong, "my/config.json"); },
              ::testing::ThrowsMessage<InputError>(HasSubstr("my/config.json: \"hidden_size\"")));
  Json old = both;  // as openai/clip-vit-large-patch14 has it
  old["vision_config_dict"] = {{"hidden_size", 36}};
  EXPECT_EQ(VitConfig::from_json(old, "c").hidden_size, 36);
  EXPECT_FALSE(VitConfig::from_json(old, "c").to_json().contains("vision_config_dict"));
  old["vision_config_dict"] = Json::object();
  EXPECT_EQ(VitConfig::from_json(old, "c").hidden_size, 768);
  wrong = both;
  wrong["vision_config_dict"] = "clip";
  EXPECT_THAT([&] { VitConfig::from_json(wrong, "c"); },
              ::testing::ThrowsMessage<InputError>(HasSubstr("vision_config_dict")));
}

TEST(VitConfig, ReadsOfClassesWhatTransformersReads) {
  const auto labels = [](const Json& keys) {
    Json json = {{"model_type", "vit"}};
    json.update(keys);
    return VitConfig::from_json(json, "c").id2label;
  };
  using Labels = std::vector<std::string>;

  EXPECT_EQ(labels({{"id2label", {{"1", "b"}, {"00", "a"}}}}), (Labels{"a", "b"}));
  EXPECT_EQ(labels({{"id2label", {{"0", 7}, {"1", 8}}}}), (Labels{"7", "8"}));
  EXPECT_EQ(labels({{"id2label", nullptr}, {"num_labels", 1}}), (Labels{"LABEL_0"}));
  EXPECT_EQ(labels({{"id2label", {{"0", "a"}}}, {"num_labels", 2}}), (Labels{"LABEL_0", "LABEL_1"}));
  EXPECT_EQ(labels({{"id2label", Json::object()}}), Labels{});
}

TEST(VitConfig, ReadsNoKeyOfAnotherFamily) {
  EXPECT_EQ(VitConfig::from_json(with("mlp_ratio", "many"), "c").intermediate_size, 3072);
  EXPECT_NO_THROW(VitConfig::from_json({{"model_type", "dinov2"}, {"intermediate_size", nullptr}}, "c"));
}

TEST(VitConfig, TrainingIsForOneClassPerImage) {
  const VitConfig config = VitConfig::from_json(with("problem_type", "regression"), "c");

  EXPECT_THAT([&] { require_one_class_per_image(config, "my/config.json"); },
              ::testing::ThrowsMessage<InputError>(
                  ::testing::AllOf(HasSubstr("my/config.json"), HasSubstr("\"problem_type\""))));
  EXPECT_NO_THROW(require_one_class_per_image(VitConfig{}, "my/config.json"));
}

TEST(VitConfig, CountsDeitsSecondToken) {
  EXPECT_EQ(VitConfig::from_json({{"model_type", "deit"}}, "config.json").num_tokens(), 198);
}

TEST(VitConfig, ReadsViTMAEAsAViT) {
  const VitConfig config = VitConfig::from_json({{"model_type", "vit_mae"}, {"mask_ratio", 0.75}}, "c");

  EXPECT_EQ(config.family, Family::kVit);
  EXPECT_FALSE(config.to_json().contains("mask_ratio"));
}

TEST(VitConfig, DropoutOfAnyKindIsNamed) {
  for (const char* key : {"hidden_dropout_prob", "attention_probs_dropout_prob", "drop_path_rate"}) {
    const VitConfig config = VitConfig::from_json({{"model_type", "dinov2"}, {key, 0.1}}, "c");

    EXPECT_THAT(
        [&] { require_no_dropout(config, "my/model"); },
        ::testing::ThrowsMessage<InputError>(::testing::AllOf(HasSubstr("my/model"), HasSubstr(key))));
  }
  EXPECT_NO_THROW(require_no_dropout(VitConfig{}, "my/model"));
}

TEST(VitConfig, AModelTooLargeForAnyMachineIsRefused) {
  EXPECT_THROW(VitConfig::from_json({{"model_type", "vit"},
                                     {"hidden_size", 1 << 20},
                                     {"num_attention_heads", 1},
                                     {"intermediate_size", 1 << 20},
                                     {"num_channels", 1 << 20}},
                                    "c"),
               InputError);
}

TEST(VitConfig, SurvivesARoundTrip) {
  VitConfig config;
  config.hidden_size = 96;
  config.hidden_act = Activation::kQuickGelu;
  config.qkv_bias = false;
  for (int i = 0; i < 12; ++i) config.id2label.push_back("class " + std::to_string(i));

  const VitConfig again = VitConfig::from_json(config.to_json(), "config.json");

  EXPECT_EQ(again.to_json(), config.to_json());
  EXPECT_EQ(again.id2label, config.id2label);  // 10 and 11 after 9, not after 1
}

TEST(VitConfig, TakesSquaresGivenAsLists) {
  EXPECT_EQ(VitConfig::from_json(with("image_size", {32, 32}), "c").image_size, 32);
  EXPECT_THROW(VitConfig::from_json(with("image_size", {32, 16}), "c"), InputError);
}

struct Refused {
  const char* key;
  Json value;
};

class VitConfigRefuses : public ::testing::TestWithParam<Refused> {};

TEST_P(VitConfigRefuses, NamingFileAndKey) {
  EXPECT_THAT([] { VitConfig::from_json(with(GetParam().key, GetParam().value), "my/config.json"); },
              ::testing::ThrowsMessage<InputError>(
                  ::testing::AllOf(HasSubstr("my/config.json"), HasSubstr(GetParam().key))));
}

INSTANTIATE_TEST_SUITE_P(
    Values, VitConfigRefuses,
    ::testing::Values(
        Refused{"model_type", "swin"}, Refused{"hidden_act", "xielu"}, Refused{"hidden_act", nullptr},
        Refused{"hidden_size", nullptr}, Refused{"hidden_size", 768.0}, Refused{"layer_norm_eps", nullptr},
        Refused{"layer_norm_eps", "1e-6"}, Refused{"num_labels", nullptr}, Refused{"id2label", {"a", "b"}},
        Refused{"id2label", {{"0", nullptr}}}, Refused{"patch_size", {16, 16.0}},
        Refused{"per_layer_config", {{"0", {{"hidden_act", "relu"}}}}},
        Refused{"quantization_config", {{"bits", 8}}}, Refused{"hidden_size", 0}, Refused{"hidden_size", -1},
        Refused{"hidden_size", "big"}, Refused{"num_hidden_layers", 1 << 20}, Refused{"head_dim", 32},
        Refused{"layer_norm_eps", -1e-6}, Refused{"hidden_size", 1LL << 40},
        Refused{"num_attention_heads", 7}, Refused{"patch_size", 500},
        Refused{"id2label", {{"0", "a"}, {"2", "b"}}}, Refused{"id2label", {{"x", "a"}}},
        Refused{"qkv_bias", 3}));

struct Named {
  const char* model_type;
  const char* family;
};

class OtherFamilies : public ::testing::TestWithParam<Named> {};

TEST_P(OtherFamilies, AreNamedWithWhatIsSupported) {
  EXPECT_THAT(
      [] {
        VitConfig::from_json({{"model_type", GetParam().model_type}}, "my/config.json");
      },
      ::testing::ThrowsMessage<InputError>(::testing::AllOf(
          HasSubstr("my/config.json: \"model_type\""), HasSubstr(GetParam().family),
          HasSubstr("vit, vit_mae, vit_msn, deit, dinov2, dinov2_with_registers, clip, clip_vision_model"))));
}

INSTANTIATE_TEST_SUITE_P(Types, OtherFamilies,
                         ::testing::Values(Named{"dinov3_vit", "DINOv3"}, Named{"siglip", "SigLIP"},
                                           Named{"siglip_vision_model", "SigLIP's vision tower"},
                                           Named{"llama", "llama"}));

}  // namespace
}  // namespace zoetrope::model
