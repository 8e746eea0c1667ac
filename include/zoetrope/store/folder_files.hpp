// SPDX-License-Identifier: Apache-2.0
// Names of the files in a checkpoint's folder, which is a Hugging Face model folder and more.
#pragma once

namespace zoetrope::store {

inline constexpr const char* kModelFile = "model.safetensors";
inline constexpr const char* kModelConfigFile = "config.json";
inline constexpr const char* kPreprocessorFile = "preprocessor_config.json";
inline constexpr const char* kProcessorFile = "processor_config.json";  // of a processor of several parts
inline constexpr const char* kTrainerStateFile = "trainer_state.json";
inline constexpr const char* kTrainingRecordFile = "training.json";
inline constexpr const char* kOptimizerFile = "optimizer.safetensors";
inline constexpr const char* kEmbeddingsFile = "embeddings.h5";
inline constexpr const char* kTrainEmbeddingsFile = "embeddings-train.h5";  // of training images

}  // namespace zoetrope::store
