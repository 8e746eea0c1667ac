// SPDX-License-Identifier: Apache-2.0
// Checkpoints and embeddings, written and read.
#include <filesystem>

#include <ATen/ATen.h>

#include "zoetrope/store/embeddings_file.hpp"
#include "zoetrope/store/safetensors.hpp"

#include "hot_paths.hpp"
#include "made_rows.hpp"

namespace zoetrope::instructions {
namespace {

store::Embeddings made_up_embeddings() {
  store::Embeddings made;
  made.identity.model_digest = made.identity.dataset_digest = std::string(64, 'a');
  made.identity.num_rows = 1000;
  made.identity.num_columns = 128;
  made.identity.num_classes = 10;
  const at::Tensor rows = bench::make_rows(1000, 128, 0), logits = bench::make_rows(1000, 10, 0);
  made.values.assign(rows.const_data_ptr<float>(), rows.const_data_ptr<float>() + rows.numel());
  made.logits.assign(logits.const_data_ptr<float>(), logits.const_data_ptr<float>() + logits.numel());
  return made;
}

}  // namespace

std::vector<HotPath> file_paths(const std::filesystem::path& scratch) {
  const store::Embeddings embeddings = made_up_embeddings();
  store::NamedTensors tensors;
  for (int i = 0; i < 64; ++i)
    tensors.emplace_back("layer." + std::to_string(i) + ".weight", bench::make_rows(128, 128, 0));
  const std::filesystem::path file = scratch / "model.safetensors";
  return {{"writing of embeddings.h5, 1000 x 128", [=] { store::write_embeddings(scratch, embeddings); }},
          {"reading of embeddings.h5, 1000 x 128", [=] { store::read_embeddings(scratch); }},
          {"writing of model.safetensors, 4 MiB", [=] { store::write_safetensors(file, tensors, {}); }},
          {"reading of model.safetensors, 4 MiB", [=] { store::SafetensorsFile(file).verify(); }}};
}

}  // namespace zoetrope::instructions
