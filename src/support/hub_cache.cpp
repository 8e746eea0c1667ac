// SPDX-License-Identifier: Apache-2.0
#include "zoetrope/support/hub_cache.hpp"

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <vector>

#include "zoetrope/support/error.hpp"
#include "zoetrope/support/files.hpp"
#include "zoetrope/support/home.hpp"
#include "zoetrope/support/listing.hpp"

namespace zoetrope::support {

namespace fs = std::filesystem;

namespace {

fs::path variable(const char* name) {
  const char* text = std::getenv(name);
  return text == nullptr ? fs::path() : fs::path(expand_home(text));
}

bool is_name_part(std::string_view part) {
  const auto at_edge = [](char c) { return c == '-' || c == '.'; };
  return !part.empty() && !at_edge(part.front()) && !at_edge(part.back()) &&
         std::ranges::all_of(
             part, [](unsigned char c) { return std::isalnum(c) != 0 || c == '-' || c == '_' || c == '.'; });
}

// "models--owner--name".
std::string folder_name(HubKind kind, std::string name) {
  if (const auto slash = name.find('/'); slash != std::string::npos) name.replace(slash, 1, "--");
  return (kind == HubKind::kModel ? "models--" : "datasets--") + name;
}

// What is asked for, of the forms in which people copy it: "owner/name", "hf:owner/name@branch",
// "https://huggingface.co/datasets/owner/name/".
struct Asked {
  std::string name;
  std::string revision;  // a branch, a tag, or a commit
};
std::optional<Asked> parse(HubKind kind, std::string_view text) {
  const auto drop = [&](std::string_view start) {
    if (text.starts_with(start)) text.remove_prefix(start.size());
  };
  for (const char* start : {"https://", "http://", "www.", "huggingface.co/", "hf.co/", "hf://", "hf:"})
    drop(start);
  drop(kind == HubKind::kModel ? "models/" : "datasets/");
  while (text.ends_with('/')) text.remove_suffix(1);
  std::string revision = "main";
  for (const std::string_view mark : {"/tree/", "@"}) {
    const auto at = text.find(mark);
    if (at == std::string_view::npos) continue;
    revision = text.substr(at + mark.size());
    text = text.substr(0, at);
  }
  if (!is_hub_name(text) || !is_hub_name(revision)) return std::nullopt;
  return Asked{std::string(text), std::move(revision)};
}

bool is_file_name(std::string_view name) {
  constexpr std::string_view kEndings[] = {".json", ".safetensors", ".bin", ".parquet", ".tar"};
  return std::ranges::any_of(kEndings, [&](std::string_view ending) { return name.ends_with(ending); });
}

// What the file of a branch says, a commit; "" where there is none.
std::string commit_of(const fs::path& repository, const std::string& branch) {
  constexpr std::size_t kLongestCommit = 256;
  try {
    const std::string text = read_file(repository / "refs" / branch, kLongestCommit);
    return text.substr(0, text.find_first_of(" \r\n"));
  } catch (const InputError&) {
    return "";
  }
}

}  // namespace

fs::path hub_cache() {
  for (const char* name : {"HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE"})
    if (fs::path place = variable(name); !place.empty()) return place;
  if (const fs::path home = variable("HF_HOME"); !home.empty()) return home / "hub";
  if (const fs::path cache = variable("XDG_CACHE_HOME"); !cache.empty()) return cache / "huggingface/hub";
  const std::string home = expand_home("~");
  return home == "~" ? fs::path() : fs::path(home) / ".cache/huggingface/hub";
}

bool is_hub_name(std::string_view name) {
  constexpr std::size_t kLongestName = 96;
  if (name.size() > kLongestName || name.ends_with(".git") || name.find("--") != std::string_view::npos ||
      name.find("..") != std::string_view::npos)
    return false;
  const auto slash = name.find('/');
  return is_name_part(name.substr(0, slash)) &&
         (slash == std::string_view::npos || is_name_part(name.substr(slash + 1)));
}

bool may_be_on_hub(HubKind kind, const std::string& asked) {
  return parse(kind, asked) && !is_file_name(asked);
}

std::optional<fs::path> hub_snapshot(HubKind kind, const std::string& asked) {
  const auto wanted = parse(kind, asked);
  if (!wanted || hub_cache().empty()) return std::nullopt;
  const fs::path repository = hub_cache() / folder_name(kind, wanted->name);
  auto commits = names_in(repository / "snapshots");
  std::erase_if(commits, [&](const std::string& folder) {
    return !support::is_directory(repository / "snapshots" / folder);
  });
  std::string commit = commit_of(repository, wanted->revision);
  if (commit.empty() && wanted->revision != "main") commit = wanted->revision;
  if (commit.empty() && commits.size() == 1) commit = commits[0];
  if (std::ranges::find(commits, commit) == commits.end()) return std::nullopt;
  return repository / "snapshots" / commit;
}

std::string download_command(HubKind kind, const std::string& asked) {
  const Asked wanted = parse(kind, asked).value_or(Asked{asked, "main"});
  return std::string("on a machine with network, bring it with: hf download ") +
         (kind == HubKind::kModel ? "" : "--repo-type dataset ") + wanted.name +
         (wanted.revision == "main" ? "" : " --revision " + wanted.revision);
}

std::string how_to_bring(HubKind kind, const std::string& asked) {
  const bool is_model = kind == HubKind::kModel;
  const bool is_other = hub_snapshot(is_model ? HubKind::kDataset : HubKind::kModel, asked).has_value();
  return "the Hugging Face cache (" + hub_cache().string() + ") does not hold " +
         (is_other ? std::string("a ") + (is_model ? "model " : "data set ") : "") + asked +
         (is_other ? std::string(", but a ") + (is_model ? "data set" : "model") + " of that name" : "") +
         "; " + download_command(kind, asked);
}

}  // namespace zoetrope::support
