// SPDX-License-Identifier: Apache-2.0
#include "title.hpp"

#include <filesystem>

#include <gtest/gtest.h>

namespace zoetrope::pipeline {
namespace {

TEST(Title, NamesTheModelAndTheData) {
  Options options;
  options.data.spec = "cifar10:/data/cifar-10-batches-bin";
  options.kept = {{"model", "google/vit-base-patch16-224-in21k"}, {"learning-rate", "5e-5"}};

  EXPECT_EQ(title_of(options), "Fine-tuning vit-base-patch16-224-in21k on CIFAR-10");
  options.kept.front().second = "";
  EXPECT_EQ(title_of(options), "Fine-tuning a small ViT on CIFAR-10");
  options.kept.clear();  // another program's training
  EXPECT_EQ(title_of(options), "Fine-tuning a Vision Transformer on CIFAR-10");
  options.render.title = "Mine";
  EXPECT_EQ(title_of(options), "Mine");
}

TEST(Title, OfGivenEmbeddingsNamesTheirImages) {
  Options options;
  options.given.embeddings = "/tmp/clip";

  EXPECT_EQ(title_of(options), "Embeddings in training");
  options.given.images = "folder:/data/flowers/";
  EXPECT_EQ(title_of(options), "Embeddings of flowers in training");
}

TEST(Title, NamesData) {
  for (const auto& [spec, name] : {std::pair{"idx:/usr/share/datasets/fashion-mnist", "Fashion-MNIST"},
                                   {"cifar100:/somewhere", "CIFAR-100"},
                                   {"hf:owner/beans", "beans"},
                                   {"cifar10", "CIFAR-10"},
                                   {"folder:/data/flowers/./", "flowers"},
                                   {"parquet:/data/cats.parquet", "cats"},
                                   {"folder:/", ""},
                                   {"", ""}})
    EXPECT_EQ(name_of_data(spec), name) << spec;
}

TEST(Title, NamesTheFolderThatADotIs) {
  const std::string here = std::filesystem::current_path().filename().string();

  for (const char* spec : {"folder:.", "folder:./", "folder:here/..", "."})
    EXPECT_EQ(name_of_data(spec), here) << spec;
}

TEST(Title, NamesModels) {
  for (const auto& [model, name] : {std::pair{"/models/vit-b16/", "vit-b16"},
                                    {"/models/tiny/config.json", "tiny"},
                                    {"runs/first/checkpoint-80", "first"},
                                    {"/hub/models--google--vit-base/snapshots/0123abcd", "vit-base"},
                                    {"/", "a Vision Transformer"}})
    EXPECT_EQ(name_of_model(model), name) << model;
}

}  // namespace
}  // namespace zoetrope::pipeline
