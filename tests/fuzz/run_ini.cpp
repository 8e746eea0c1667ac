// SPDX-License-Identifier: Apache-2.0
// The input is a run.ini, as zoetrope wrote it or as a person did. The options that a job makes of it are the
// same once they have been kept.
#include "zoetrope/store/run_ini.hpp"

#include <cstdlib>

#include "zoetrope/render/animation.hpp"
#include "zoetrope/render/frame.hpp"
#include "zoetrope/review/export.hpp"
#include "zoetrope/support/error.hpp"

#include "options.hpp"
#include "scratch_folder.hpp"

// The rooms of pictures and pages are not linked: any picture may be drawn.
namespace zoetrope::render {
void check_picture_size(int /*width*/, int /*height*/) {}
void check_animation_options(const AnimationOptions& /*options*/) {}
std::vector<std::string> animation_formats() {
  return {"gif", "mp4", "webp"};
}
}  // namespace zoetrope::render
namespace zoetrope::review {
const std::vector<std::string>& export_formats() {
  static const std::vector<std::string> formats = {"npz"};
  return formats;
}
}  // namespace zoetrope::review

namespace {

using namespace zoetrope;

jobs::Options read(const std::filesystem::path& run) {
  const std::vector<std::string> arguments = {"--run", run.string()};
  return jobs::parse_options("run", ~0U, arguments, jobs::read_ini_files("run", ~0U, arguments));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const fuzz::ScratchFolder folder;
  folder.write("run.ini", {data, size});
  try {
    const jobs::Options options = read(folder.path());
    store::write_run_ini(folder.path() / "run.ini", options.pipeline.kept);
    if (read(folder.path()).pipeline.kept != options.pipeline.kept) std::abort();
  } catch (const InputError&) {
  } catch (const UsageError&) {
  }
  return 0;
}
