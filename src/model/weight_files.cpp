// SPDX-License-Identifier: Apache-2.0
#include "weight_files.hpp"

#include <algorithm>
#include <iterator>
#include <mutex>
#include <set>
#include <sstream>
#include <string_view>
#include <utility>

#include <ATen/ATen.h>

#include "zoetrope/store/folder_files.hpp"
#include "zoetrope/support/error.hpp"
#include "zoetrope/support/json.hpp"
#include "zoetrope/support/listing.hpp"
#include "zoetrope/support/log.hpp"

#include "family.hpp"
#include "foreign_weights.hpp"
#include "timm_names.hpp"
#include "weight_index.hpp"

namespace zoetrope::model {

namespace fs = std::filesystem;

namespace {

// Of DistributedDataParallel and DataParallel, torch.compile, FSDP, and checkpointed activations.
constexpr std::string_view kWrappers[] = {"module", "_orig_mod", "_fsdp_wrapped_module",
                                          "_checkpoint_wrapped_module"};
constexpr const char* kIndex = "model.safetensors.index.json";

// "model." of names that are all of a module within another, as of Lightning's "model.vit.layernorm.bias"; ""
// where they are a model's own.
std::string module_of(const std::vector<std::string>& names) {
  const auto is_cls_token = [](const std::string& name) {
    return name.ends_with("cls_token") || name.ends_with("class_embedding");
  };
  if (std::ranges::none_of(names, is_cls_token)) return "";
  std::string_view common = names.front();
  for (const std::string& name : names) {
    const auto [end, other] = std::ranges::mismatch(common, name);
    common = common.substr(0, static_cast<std::size_t>(end - common.begin()));
  }
  common = common.substr(0, common.rfind('.') + 1);
  for (const std::string_view own : family_prefixes())
    if (common.ends_with(own)) common.remove_suffix(own.size());
  return std::string(common);
}

}  // namespace

std::string without_wrapping(const std::string& name) {
  std::string bare;
  std::istringstream parts(name);
  for (std::string part; std::getline(parts, part, '.');)
    if (std::ranges::find(kWrappers, part) == std::end(kWrappers)) bare += (bare.empty() ? "" : ".") + part;
  return bare;
}

bool WeightFiles::are_in(const fs::path& folder) {
  return support::is_listed(folder / store::kModelFile) || support::is_listed(folder / kIndex);
}

WeightFiles::WeightFiles(const fs::path& folder, const fs::path& base) {
  const bool is_adapter = Adapter::is_in(folder);
  open(is_adapter ? base_of(folder, base) : folder);
  if (is_adapter) open_adapter(folder);
}

void WeightFiles::open(const fs::path& folder) {
  path_ = folder / store::kModelFile;
  if (!support::is_listed(path_)) {
    open_shards(folder);
  } else {
    files_.emplace_back(path_);
  }
  add_names();
}

void WeightFiles::open_shards(const fs::path& folder) {
  path_ = folder / kIndex;
  if (!support::is_listed(path_)) refuse_foreign_weights(folder, store::kModelFile);
  const auto index = parse_weight_index(support::read_python_json(path_), path_.string());
  std::set<std::string> shards, present;
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
      present.insert(tensor);
    }
  }
  for (const auto& [tensor, shard] : index)
    if (!present.contains(tensor))
      throw InputError((folder / shard).string() + ": tensor \"" + tensor + "\" is missing, which " + kIndex +
                       " says is in it; copy the model's folder again");
}

void WeightFiles::open_adapter(const fs::path& folder) {
  const Adapter adapter(folder);
  std::map<std::string, std::string> names;  // of the base's tensors
  for (const auto& [name, place] : places_) names.emplace(common_name(name), name);
  for (const auto& [common, change] : adapter.changes()) {
    const auto found = names.find(common);
    if (!change.whole.empty()) {
      places_.insert_or_assign(found == names.end() ? common : found->second,
                               Place{files_.size(), change.whole});
      continue;
    }
    if (found == names.end())
      throw InputError(adapter.file().path().string() + ": changes \"" + common + "\", which " +
                       path_.string() +
                       " does not hold; is --base the model that the adapter was trained on?");
    adapter.require_fit(change, shape(found->second));
    changes_.emplace(found->second, change);
  }
  files_.emplace_back(adapter.file().path());
}

void WeightFiles::add(const std::string& name, const Place& place) {
  const auto [other, is_new] = places_.try_emplace(name, place);
  if (!is_new)
    throw InputError(files_[place.file].path().string() + ": tensors \"" + other->second.name + "\" and \"" +
                     place.name + "\" are one; save the model alone, not what wraps it");
}

void WeightFiles::add_names() {
  std::vector<std::string> bare;
  for (const store::SafetensorsFile& file : files_)
    for (const std::string& name : file.names()) bare.push_back(without_wrapping(name));
  const std::string module = module_of(bare);
  for (std::size_t i = 0; i < files_.size(); ++i)
    for (const std::string& name : files_[i].names()) add(name, module, i);
}

void WeightFiles::add(const std::string& stored, const std::string& module, std::size_t file) {
  const std::string bare = without_wrapping(stored).substr(module.size());
  static std::once_flag told;
  if (bare != stored)
    std::call_once(told, [&] {
      support::log_info(files_[file].path().string() + ": was saved wrapped (by " +
                        (module.empty() ? "torch.compile, DDP or FSDP" : "a module around it") + "): \"" +
                        stored + "\" is read as \"" + bare + "\", and so are all others");
    });
  const std::vector<std::string> names = names_of_timm(bare);
  are_timms_ = are_timms_ || !names.empty();
  if (names.empty()) return add(bare, Place{file, stored});
  const auto parts = static_cast<std::int64_t>(names.size());
  for (std::int64_t i = 0; i < parts; ++i)
    add(names[static_cast<std::size_t>(i)], Place{file, stored, i, parts});
}

std::vector<std::string> WeightFiles::names() const {
  std::vector<std::string> names;
  for (const auto& [name, place] : places_) names.push_back(name);
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
  std::vector<std::pair<const Place*, at::Tensor>> parts;
  for (const auto& [name, destination] : destinations) {
    const Place& place = place_of(name);
    auto& wanted = of_file[place.file];
    if (place.parts == 1) {
      wanted.emplace(place.name, destination);
    } else {
      if (!wanted.contains(place.name))
        wanted.emplace(place.name, at::empty(files_[place.file].shape(place.name), destination.options()));
      parts.emplace_back(&place, destination);
    }
  }
  for (const auto& [name, change] : changes_)
    if (destinations.contains(name))
      for (const std::string& stored : {change.down, change.up, change.magnitude, change.added})
        if (!stored.empty())
          of_file.back().emplace(stored, at::empty(files_.back().shape(stored), at::kFloat));
  std::string digests;
  for (std::size_t i = 0; i < files_.size(); ++i) append(digests, files_[i].read(of_file[i]));
  for (const auto& [place, destination] : parts)
    destination.copy_(
        of_file[place->file].at(place->name).chunk(place->parts)[static_cast<std::size_t>(place->part)]);
  for (const auto& [name, change] : changes_)
    if (const auto found = destinations.find(name); found != destinations.end())
      Adapter::merge(change, of_file.back(), found->second);
  return digests;
}

void WeightFiles::verify() const {
  for (const store::SafetensorsFile& file : files_) file.verify();
}

const WeightFiles::Place& WeightFiles::place_of(const std::string& name) const {
  const auto found = places_.find(name);
  if (found == places_.end()) throw InputError(path_.string() + ": tensor \"" + name + "\" is missing");
  return found->second;
}

std::vector<std::int64_t> WeightFiles::shape(const std::string& name) const {
  const Place& place = place_of(name);
  std::vector<std::int64_t> shape = files_[place.file].shape(place.name);
  if (!shape.empty() && shape.front() % place.parts == 0) shape.front() /= place.parts;
  return shape;
}

at::ScalarType WeightFiles::dtype(const std::string& name) const {
  const Place& place = place_of(name);
  return files_[place.file].dtype(place.name);
}

}  // namespace zoetrope::model
