// SPDX-License-Identifier: Apache-2.0
#include "class_warnings.hpp"

#include <algorithm>
#include <iterator>
#include <map>
#include <memory>
#include <set>

#include <glib.h>

#include "zoetrope/data/unicode.hpp"
#include "zoetrope/support/json.hpp"
#include "zoetrope/support/log.hpp"

#include "class_names.hpp"

namespace zoetrope::data {
namespace {

// With what differs to be seen: "caf\u00e9".
std::string in_ascii(const std::string& name) {
  return support::Json(name).dump(-1, ' ', true);
}

std::string list_lone(const std::set<std::string>& names, const std::set<std::string>& others) {
  constexpr std::size_t kShown = 8;
  std::vector<std::string> lone;
  std::ranges::set_difference(names, others, std::back_inserter(lone));
  const std::size_t rest = lone.size() - std::min(lone.size(), kShown);
  lone.resize(lone.size() - rest);
  if (rest > 0) lone.push_back(std::to_string(rest) + " more");
  return join_names(lone);
}

}  // namespace

std::string composed(const std::string& name) {
  const std::unique_ptr<gchar, void (*)(void*)> text(
      g_utf8_normalize(name.c_str(), static_cast<gssize>(name.size()), G_NORMALIZE_NFC), g_free);
  return text == nullptr ? name : std::string(text.get());
}

void warn_of_lookalikes(const std::vector<std::string>& class_names, const std::string& origin) {
  std::map<std::string, std::string> seen;
  for (const std::string& name : class_names) {
    const auto [like, is_new] = seen.emplace(composed(name), name);
    if (!is_new)
      support::warn_once(
          origin + ": the classes " + in_ascii(like->second) + " and " + in_ascii(name) +
          " look the same and count as two, for their names are written in two Unicode forms; rename one "
          "where one is meant");
  }
}

void warn_of_lone_classes(const SplitClasses& split, const SplitClasses& other, const std::string& origin) {
  if (split.names.empty() || other.names.empty()) return;
  const SplitClasses& first = split.split < other.split ? split : other;
  const SplitClasses& second = split.split < other.split ? other : split;
  const std::string here = list_lone(first.names, second.names), there = list_lone(second.names, first.names);
  if (here.empty() && there.empty()) return;
  const auto alone = [](const std::string& names, const SplitClasses& where) {
    return names.empty() ? "" : names + " in " + where.split + " alone";
  };
  support::warn_once(origin + ": not every class has images in both splits: " + alone(here, first) +
                     (here.empty() || there.empty() ? "" : ", ") + alone(there, second));
}

}  // namespace zoetrope::data
