// SPDX-License-Identifier: Apache-2.0
#include "foreign_weights.hpp"

#include <algorithm>
#include <string_view>
#include <vector>

#include "zoetrope/model/folder.hpp"
#include "zoetrope/store/folder_files.hpp"
#include "zoetrope/support/error.hpp"
#include "zoetrope/support/listing.hpp"

namespace zoetrope::model {

namespace fs = std::filesystem;

namespace {

struct Kind {
  std::string_view start;  // of a name in the folder
  std::string_view end;
  std::string_view what;
  std::string_view way_out;
};

constexpr std::string_view kPickle = "is a pickle, which can run code when read and is not read here";
constexpr std::string_view kInPython =
    "convert it in Python: AutoModelForImageClassification.from_pretrained(folder).save_pretrained(folder)";
constexpr std::string_view kSaveModel =
    "load it in Python as it was trained, and save the model alone: model.save_pretrained(folder)";

constexpr std::string_view kOfTimm =
    "where timm's train.py wrote it, docs/own-embeddings.md, \"Checkpoints of timm\", converts it; else load "
    "it in Python as it was trained, and save the model alone: model.save_pretrained(folder)";

constexpr std::string_view kOtherName =
    "has another name than model.safetensors, under which a model's weights are looked for";
constexpr std::string_view kEmbedYourself =
    "embed the images with that library: docs/own-embeddings.md says how zoetrope goes on from there";

// The first that fits counts: a folder of DeepSpeed or FSDP may hold pickles, too.
constexpr Kind kKinds[] = {
    {"adapter_model", ".safetensors", "is an adapter without the adapter_config.json that says of what kind",
     "copy the adapter's folder again"},
    {"adapter_", ".bin", "is an adapter (LoRA or alike) in a pickle, which can run code when read",
     kMergeInPython},
    {"zero_to_fp32.py", "", "lies in a checkpoint of DeepSpeed, whose weights are in pickles of each rank",
     "join them with it, in that folder: python zero_to_fp32.py . . --safe_serialization"},
    {"global_step", "", "is a checkpoint of DeepSpeed, whose weights are in pickles of each rank",
     "join them with DeepSpeed's zero_to_fp32.py, in its folder: python zero_to_fp32.py . . "
     "--safe_serialization"},
    {"pytorch_model_fsdp", "", "is FSDP's sharded checkpoint, in pickles",
     "join its shards: accelerate merge-weights SHARDS FOLDER, which writes FOLDER/model.safetensors"},
    {"", ".distcp", "is a shard of a distributed checkpoint of PyTorch, a pickle",
     "join the shards: accelerate merge-weights SHARDS FOLDER, which writes FOLDER/model.safetensors"},
    {"pytorch_model", ".bin", kPickle, kInPython},
    {"pytorch_model", ".index.json", "lists shards that are pickles, which can run code when read",
     kInPython},
    {"", ".ckpt", kPickle, kSaveModel},
    {"", ".pt", kPickle, kSaveModel},
    {"", ".pth.tar", kPickle, kOfTimm},
    {"", ".pth", kPickle, kSaveModel},
    {"", ".pt.tar", kPickle, kSaveModel},
    {"", ".pkl", kPickle, kSaveModel},
    {"tf_model", ".h5", "holds weights of TensorFlow, which are not read here",
     "convert them with a transformers that still reads them (4.x): "
     "from_pretrained(folder, from_tf=True).save_pretrained(folder)"},
    {"flax_model", ".msgpack", "holds weights of Flax, which are not read here",
     "convert them with a transformers that still reads them (4.x): "
     "from_pretrained(folder, from_flax=True).save_pretrained(folder)"},
    {"", ".safetensors.index.json", kOtherName,
     "where these are the weights of the model that config.json describes, save them in Python as "
     "transformers does: from_pretrained(folder, variant=...).save_pretrained(new_folder)"},
    {"", ".safetensors", kOtherName,
     "where these are the weights of the model that config.json describes, rename the file"},
    {"", ".bin", kPickle, kSaveModel},
    {"", ".keras", "is a model of Keras, which is not read here", kEmbedYourself},
    {"", ".h5", "holds weights of Keras or TensorFlow, which are not read here", kEmbedYourself},
    {"", ".npz", "holds weights of JAX, which are not read here", kEmbedYourself},
    {"", ".onnx", "is an exported graph, which cannot be fine-tuned", "take the model that it was made from"},
    {"", ".gguf", "is quantised for inference, and cannot be fine-tuned",
     "take the model that it was made from"},
};

// Trainer's and Accelerate's own pickles beside a model, and what lies beside it here.
bool is_no_model(std::string_view name) {
  constexpr std::string_view kOthers[] = {"optimizer", "scheduler",     "rng_state",  "random_states",
                                          "scaler",    "training_args", "embeddings", "model.safetensors",
                                          "analysis",  "review",        "."};
  return std::ranges::any_of(kOthers, [&](std::string_view start) { return name.starts_with(start); });
}

}  // namespace

std::string describe_foreign_weights(const fs::path& folder) {
  const std::vector<std::string> names = support::names_in(folder);
  for (const Kind& kind : kKinds)
    for (const std::string& name : names)
      if (name.starts_with(kind.start) && name.ends_with(kind.end) && !is_no_model(name))
        return (folder / name).string() + ": " + std::string(kind.what) + "; " + std::string(kind.way_out);
  return {};
}

void refuse_foreign_weights(const fs::path& folder, const std::string& missing) {
  const std::string found = describe_foreign_weights(folder);
  throw InputError(found.empty() ? folder.string() + ": holds no " + missing : found);
}

}  // namespace zoetrope::model
