// SPDX-License-Identifier: Apache-2.0
#include "weight_files.hpp"

#include <set>

#include "zoetrope/store/folder_files.hpp"
#include "zoetrope/support/error.hpp"
#include "zoetrope/support/json.hpp"
#include "zoetrope/support/listing.hpp"

#include "weight_index.hpp"

namespace zoetrope::model {

namespace fs = std::filesystem;

namespace {

constexpr const char* kIndex = "model.safetensors.index.json";
constexpr const char* kPickles[] = {"pytorch_model.bin", "pytorch_model.bin.index.json", "model.pt",
                                    "model.pth"};

[[noreturn]] void fail_without_weights(const fs::path& folder) {
  for (const char* pickle : kPickles) {
    if (fs::exists(folder / pickle))
      throw InputError(
          (folder / pickle).string() +
          ": is a pickle, which can run code when read and is not read here; convert it in Python: "
          "AutoModelForImageClassification.from_pretrained(folder).save_pretrained(folder)");
  }
  throw InputError(folder.string() + ": holds no model.safetensors");
}

}  // namespace

bool WeightFiles::are_in(const fs::path& folder) {
  return support::is_listed(folder / store::kModelFile) || support::is_listed(folder / kIndex);
}

WeightFiles::WeightFiles(const fs::path& folder) : path_(folder / store::kModelFile) {
  if (!support::is_listed(path_)) {
    open_shards(folder);
  } else {
    files_.emplace_back(path_);
    for (const std::string& name : files_.front().names()) file_of_[name] = 0;
  }
}

void WeightFiles::open_shards(const fs::path& folder) {
  path_ = folder / kIndex;
  if (!support::is_listed(path_)) fail_without_weights(folder);
  const auto index = parse_weight_index(support::read_json(path_), path_.string());
  std::set<std::string> shards;
  for (const auto& [tensor, shard] : index) shards.insert(shard);
  for (const std::string& shard : shards) {
    files_.emplace_back(folder / shard);
    for (const std::string& tensor : files_.back().names()) {
      const auto listed = index.find(tensor);
      if (listed == index.end() || listed->second != shard)
        throw InputError(files_.back().path().string() + ": holds tensor \"" + tensor + "\", which " +
                         kIndex +
                         (listed == index.end() ? " does not list" : " says is in " + listed->second) +
                         "; copy the model's folder again");
      file_of_[tensor] = files_.size() - 1;
    }
  }
  for (const auto& [tensor, shard] : index)
    if (!file_of_.contains(tensor))
      throw InputError((folder / shard).string() + ": tensor \"" + tensor + "\" is missing, which " + kIndex +
                       " says is in it; copy the model's folder again");
}

std::vector<std::string> WeightFiles::names() const {
  std::vector<std::string> names;
  for (const auto& [name, file] : file_of_) names.push_back(name);
  return names;
}

namespace {

void append(std::string& digests, const std::string& digest) {
  if (!digests.empty()) digests += ',';
  digests += digest;
}

}  // namespace

std::optional<std::string> WeightFiles::digest() const {
  std::string digests;
  for (const store::SafetensorsFile& file : files_) {
    const auto digest = file.digest();
    if (!digest) return std::nullopt;
    append(digests, *digest);
  }
  return digests;
}

std::string WeightFiles::read(const std::map<std::string, at::Tensor>& destinations) const {
  std::vector<std::map<std::string, at::Tensor>> of_file(files_.size());
  for (const auto& [name, destination] : destinations) of_file[file_of_.at(name)].emplace(name, destination);
  std::string digests;
  for (std::size_t i = 0; i < files_.size(); ++i) append(digests, files_[i].read(of_file[i]));
  return digests;
}

void WeightFiles::verify() const {
  for (const store::SafetensorsFile& file : files_) file.verify();
}

const store::SafetensorsFile& WeightFiles::file_of(const std::string& name) const {
  const auto found = file_of_.find(name);
  if (found == file_of_.end()) throw InputError(path_.string() + ": tensor \"" + name + "\" is missing");
  return files_[found->second];
}

}  // namespace zoetrope::model
