// SPDX-License-Identifier: Apache-2.0
#include "picture_files.hpp"

#include <vector>

#include "zoetrope/render/animation.hpp"
#include "zoetrope/render/whole_file.hpp"
#include "zoetrope/support/error.hpp"
#include "zoetrope/support/files.hpp"
#include "zoetrope/support/listing.hpp"

namespace zoetrope::pipeline {

namespace fs = std::filesystem;

namespace {

void require_end(const fs::path& path, const char* end) {
  if (!support::read_file(path).ends_with(end)) throw InputError(path.string() + ": is empty or cut");
}

}  // namespace

void look_at_pictures(const store::RunDirectory& run, const LookAtFile& look) {
  std::vector<fs::path> pictures = {run.root / "poster.png"};
  for (const std::string& format : render::animation_formats()) pictures.push_back(run.animation(format));
  for (const std::int64_t step : run.checkpoint_steps()) pictures.push_back(run.frame(step));
  for (const fs::path& path : pictures)
    if (support::exists(path))
      look(path, "zoetrope render makes it again", [&] { render::require_whole_file(path); });
  for (const auto& [path, end] : {std::pair{run.review(), "</html>\n"}, {run.issues(), "\n"}})
    if (support::exists(path)) look(path, "zoetrope review makes it again", [&] { require_end(path, end); });
}

}  // namespace zoetrope::pipeline
