// SPDX-License-Identifier: Apache-2.0
#include "missing_fonts.hpp"

#include <algorithm>
#include <string>

#include "zoetrope/render/fonts.hpp"
#include "zoetrope/support/log.hpp"

namespace zoetrope::pipeline {

namespace {

// What a layout shows of names from outside.
std::vector<std::string> texts_of(const render::Scene& scene, const std::vector<render::Frame>& frames) {
  std::vector<std::string> texts = scene.class_names;
  if (scene.layout == render::Layout::kPlot) return texts;
  const bool is_wide = scene.layout == render::Layout::kWide;
  if (is_wide || scene.has_given_title) texts.push_back(scene.title);
  if (is_wide) texts.push_back(scene.subtitle);
  for (const render::Frame& frame : frames)
    for (const render::OutlierEntry& entry : frame.outliers) texts.push_back(entry.name);
  return texts;
}

}  // namespace

void warn_of_missing_fonts(const render::Scene& scene, const std::vector<render::Frame>& frames) {
  constexpr std::size_t kMostNamed = 5;
  const auto [characters, package] = render::missing_characters(texts_of(scene, frames));
  if (characters.empty()) return;
  std::string list;
  for (std::size_t i = 0; i < std::min(kMostNamed, characters.size()); ++i)
    list += (i == 0 ? "" : ", ") + characters[i];
  if (characters.size() > kMostNamed) list += ", ...";
  support::log_warning("no font has " + list + ": install " + package +
                       " (or another font with these characters); until then pictures show boxes");
}

}  // namespace zoetrope::pipeline
