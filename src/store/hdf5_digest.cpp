// SPDX-License-Identifier: Apache-2.0
#include "hdf5_digest.hpp"

#include "zoetrope/store/sealed_json.hpp"

#include "hdf5_state.hpp"

namespace zoetrope::store {

namespace {

using support::Json;

constexpr const char* kContentDigest = "zoetrope_digest";
constexpr const char* kKind = "xxh3-128";

// The first name of `kept` that `now` has with another digest, or not at all.
std::string first_difference(const Json& kept, const Json& now) {
  for (const auto& [name, digest] : kept.items())
    if (now.value(name, Json()) != digest) return name;
  return "";
}

}  // namespace

void ContentDigest::add(const std::string& dataset, std::size_t offset, std::span<const std::byte> bytes) {
  Dataset& found = datasets_[dataset];
  if (found.size != offset) return;  // another part than the next one: read again
  found.hash.update(bytes);
  found.size += bytes.size();
}

void ContentDigest::add_attribute(const std::string& key, std::string_view bytes) {
  support::Xxh3 hash;
  hash.update(bytes);
  attributes_[key] = hash.hex();
}

std::string ContentDigest::text() const {
  Json of_datasets = Json::object();
  for (const auto& [name, dataset] : datasets_) of_datasets[name] = dataset.hash.hex();
  return Json{{"kind", kKind}, {"datasets", of_datasets}, {"attributes", attributes_}}.dump();
}

Json ContentDigest::parse(const std::string& text) {
  Json json = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  const bool is_ours = json.is_object() && json.value("kind", Json()) == kKind &&
                       json["datasets"].is_object() && json["attributes"].is_object();
  return is_ours ? json : Json();
}

std::string ContentDigest::difference_from(const Json& kept) const {
  const Json now = parse(text());
  if (const auto name = first_difference(kept["datasets"], now["datasets"]); !name.empty()) return name;
  const auto key = first_difference(kept["attributes"], now["attributes"]);
  return key.empty() ? "" : "attribute \"" + key + "\"";
}

void Hdf5File::write_digest() {
  set_attribute("/", kContentDigest, state_->content.text());
}

bool Hdf5File::verify() const {
  if (!has_attribute(*state_, kContentDigest)) return false;
  const Json kept = ContentDigest::parse(string_attribute("/", kContentDigest));
  if (kept.is_null()) state_->fail(std::string("attribute \"") + kContentDigest + "\"", "is damaged");
  for (const auto& [key, digest] : kept["attributes"].items())
    state_->content.add_attribute(key, attribute_bytes(*state_, key));
  const std::string changed = state_->content.difference_from(kept);
  if (changed.empty()) return true;
  state_->fail(changed, "is damaged: it no longer holds what its digest was made of");
}

std::string Hdf5File::content_digest() const {
  if (!has_attribute(*state_, kContentDigest)) return "";
  return digest_of_text(string_attribute("/", kContentDigest));
}

}  // namespace zoetrope::store
