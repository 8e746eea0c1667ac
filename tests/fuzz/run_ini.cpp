// SPDX-License-Identifier: Apache-2.0
// The input is a run.ini, as every job reads it. What a training would keep of it is taken again.
#include <cstdlib>

#include "zoetrope/render/animation.hpp"
#include "zoetrope/render/frame.hpp"
#include "zoetrope/review/export.hpp"
#include "zoetrope/support/error.hpp"

#include "../../jobs/options.hpp"

// Of rooms that would bring all their libraries. No option of a training comes to them.
namespace zoetrope::render {
void check_picture_size(int, int) {}
void check_animation_options(const AnimationOptions&) {}
}  // namespace zoetrope::render
namespace zoetrope::review {
const std::vector<std::string>& export_formats() {
  static const std::vector<std::string> none;
  return none;
}
}  // namespace zoetrope::review

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace zoetrope;
  constexpr unsigned kGroups = jobs::kData | jobs::kModel | jobs::kTraining | jobs::kCompute | jobs::kDevice;
  const std::vector<std::string> words = {"--run", "run"};
  jobs::IniTexts inis;
  inis.run.assign(reinterpret_cast<const char*>(data), size);
  try {
    const auto options = jobs::parse_options("finetune", kGroups, words, inis);
    inis.run.clear();
    for (const auto& [name, value] : options.pipeline.kept)
      if (!value.empty()) inis.run += name + " = " + value + "\n";
    if (jobs::parse_options("finetune", kGroups, words, inis).pipeline.kept != options.pipeline.kept)
      std::abort();
  } catch (const InputError&) {
  } catch (const UsageError&) {
  }
  return 0;
}
