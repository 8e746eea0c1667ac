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

// What refs/main says, a commit; "" where there is none.
std::string commit_of_main(const fs::path& repository) {
  constexpr std::size_t kLongestCommit = 256;
  try {
    const std::string text = read_file(repository / "refs/main", kLongestCommit);
    return text.substr(0, text.find_first_of(" \r\n"));
  } catch (const Error&) {
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

std::optional<fs::path> hub_snapshot(HubKind kind, const std::string& name) {
  if (!is_hub_name(name) || hub_cache().empty()) return std::nullopt;
  const fs::path repository = hub_cache() / folder_name(kind, name);
  auto commits = names_in(repository / "snapshots");
  std::erase_if(commits, [&](const std::string& folder) {
    return !fs::is_directory(repository / "snapshots" / folder);
  });
  std::string commit = commit_of_main(repository);
  if (commit.empty() && commits.size() == 1) commit = commits[0];
  if (std::ranges::find(commits, commit) == commits.end()) return std::nullopt;
  return repository / "snapshots" / commit;
}

std::string how_to_bring(HubKind kind, const std::string& name) {
  return "the Hugging Face cache (" + hub_cache().string() + ") does not hold " + name +
         "; on a machine with network, bring it with: hf download " +
         (kind == HubKind::kModel ? "" : "--repo-type dataset ") + name;
}

}  // namespace zoetrope::support
