// SPDX-License-Identifier: Apache-2.0
#include "summary.hpp"

#include <algorithm>
#include <cmath>
#include <filesystem>

#include <sys/resource.h>

#include "zoetrope/store/analysis_file.hpp"
#include "zoetrope/support/error.hpp"
#include "zoetrope/support/files.hpp"
#include "zoetrope/support/json.hpp"
#include "zoetrope/support/log.hpp"
#include "zoetrope/support/text.hpp"

namespace zoetrope::jobs {

namespace {

std::int64_t peak_memory_bytes() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<std::int64_t>(usage.ru_maxrss) * 1024;
}

// What the jobs before this one took; nothing where the file is damaged or not there.
support::Json earlier_stages(const std::filesystem::path& path) {
  const auto json = support::Json::parse(
      std::filesystem::exists(path) ? support::read_file(path, std::size_t{1} << 20) : std::string(), nullptr,
      /*allow_exceptions=*/false);
  return json.is_object() ? json.value("stages", support::Json::object()) : support::Json::object();
}

support::Json to_json(const std::filesystem::path& path, Context& context, double total_seconds,
                      std::int64_t peak_memory, double accuracy) {
  support::Json json;
  json["stages"] = earlier_stages(path);
  for (const StageTime& stage : context.stages())
    json["stages"][stage.name] = {{"seconds", stage.seconds}, {"items", stage.items}, {"unit", stage.unit}};
  json["total_seconds"] = total_seconds;
  json["peak_memory_bytes"] = peak_memory;
  json["world_size"] = context.world().size();
  json["threads_per_rank"] = context.threads();
  if (std::isfinite(accuracy)) json["test_accuracy"] = accuracy;
  return json;
}

std::string line(const std::string& name, const std::string& value) {
  std::string padded = name;
  padded.resize(std::max<std::size_t>(padded.size(), 12), ' ');
  return "  " + padded + " " + value + "\n";
}

std::string rates(const std::vector<StageTime>& stages) {
  std::string text;
  for (const StageTime& stage : stages) {
    std::string value = support::format_duration(stage.seconds);
    if (stage.items > 0 && stage.seconds > 0) {
      const double rate = static_cast<double>(stage.items) / stage.seconds;
      value += "  (" +
               (rate < 10 ? support::format_fixed(rate, 1) : support::format_count(std::llround(rate))) +
               " " + stage.unit + "/s)";
    }
    text += line(stage.name, value);
  }
  return text;
}

double last_accuracy(const std::filesystem::path& path) {
  const auto analysis = store::read_analysis(path);
  const auto found = analysis.curves.find("accuracy");
  return found == analysis.curves.end() || found->second.empty() ? std::nan("") : found->second.back();
}

// NaN where none is known. A file that an earlier job left damaged is no failure of this one: the analysis
// will write it again.
double last_accuracy(const Context& context) {
  const std::filesystem::path path = context.run().analysis();
  if (!std::filesystem::exists(path)) return std::nan("");
  const auto& stages = context.stages();
  const bool is_own = std::any_of(stages.begin(), stages.end(),
                                  [](const StageTime& stage) { return stage.name == "analysis"; });
  try {
    return last_accuracy(path);
  } catch (const InputError& error) {
    if (is_own) throw;
    support::log_warning(std::string(error.what()) + "; the summary leaves the accuracy out");
    return std::nan("");
  }
}

}  // namespace

std::string summarize(Context& context, double total_seconds) {
  const std::int64_t peak =
      comm::all_reduce_scalar(context.communicator(), peak_memory_bytes(), comm::ReduceOp::kMax);
  if (!context.is_root()) return {};
  const double accuracy = last_accuracy(context);
  const std::filesystem::path path = context.run().root / "summary.json";
  if (!context.stages().empty())
    support::write_file(path, to_json(path, context, total_seconds, peak, accuracy).dump(2) + "\n");

  std::string text;
  for (const std::string& format : context.options().formats())
    if (std::filesystem::exists(context.run().animation(format)))
      text += line("animation", context.run().animation(format).string());
  if (std::isfinite(accuracy))
    text += line("accuracy", support::format_fixed(100 * accuracy, 2) + " % of the test images");
  text += rates(context.stages());
  const auto slowest = std::max_element(context.stages().begin(), context.stages().end(),
                                        [](const auto& a, const auto& b) { return a.seconds < b.seconds; });
  text +=
      line("total", support::format_duration(total_seconds) +
                        (slowest == context.stages().end() ? "" : ", the slowest stage is " + slowest->name));
  text += line("memory", support::format_bytes(static_cast<std::uint64_t>(peak)) + " at most on a rank");
  return text;
}

}  // namespace zoetrope::jobs
