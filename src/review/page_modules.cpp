// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <initializer_list>

#include "resources.hpp"

namespace zoetrope::review {

namespace {

// Each after those that it imports.
constexpr std::initializer_list<const char*> kModules = {
    "dom.js",      "decode.js",    "state.js",          "palette.js",      "ramp.js",       "words.js",
    "motion.js",   "alignment.js", "neighbour_code.js", "dataset.js",      "fields.js",     "colouring.js",
    "filter.js",   "hover.js",     "plane.js",          "label_places.js", "overlay.js",    "points.js",
    "training.js", "regions.js",   "lines.js",          "view.js",         "legend.js",     "scale.js",
    "search.js",   "timeline.js",  "curves.js",         "confusion.js",    "classes.js",    "linkage.js",
    "groups.js",   "tabs.js",      "save.js",           "relabel.js",      "neighbours.js", "selection.js",
    "table.js",    "address.js",   "keys.js",           "live.js",         "main.js"};

}  // namespace

std::string join_modules() {
  std::string joined;
  for (const char* name : kModules) {
    std::string_view text = resource(name);
    while (!text.empty()) {
      std::string_view line = text.substr(0, text.find('\n'));
      text.remove_prefix(std::min(text.size(), line.size() + 1));
      if (line.starts_with("import ")) continue;
      if (line.starts_with("export ")) line.remove_prefix(7);
      joined.append(line).push_back('\n');
    }
  }
  return joined;
}

}  // namespace zoetrope::review
