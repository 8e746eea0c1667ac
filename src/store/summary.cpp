// SPDX-License-Identifier: Apache-2.0
#include "zoetrope/store/summary.hpp"

#include <cmath>

#include "zoetrope/support/files.hpp"
#include "zoetrope/support/json.hpp"

namespace zoetrope::store {

namespace {

support::Json earlier_stages(const std::filesystem::path& path) {
  const auto json = support::Json::parse(
      std::filesystem::exists(path) ? support::read_file(path, std::size_t{1} << 20) : std::string(), nullptr,
      /*allow_exceptions=*/false);
  return json.is_object() ? json.value("stages", support::Json::object()) : support::Json::object();
}

}  // namespace

void write_summary(const std::filesystem::path& path, const Summary& summary) {
  support::Json json;
  json["stages"] = earlier_stages(path);
  for (const StageTime& stage : summary.stages)
    json["stages"][stage.name] = {{"seconds", stage.seconds}, {"items", stage.items}, {"unit", stage.unit}};
  json["total_seconds"] = summary.total_seconds;
  json["peak_memory_bytes"] = summary.peak_memory_bytes;
  json["world_size"] = summary.world_size;
  json["threads_per_rank"] = summary.threads_per_rank;
  if (std::isfinite(summary.test_accuracy)) json["test_accuracy"] = summary.test_accuracy;
  support::write_file(path, json.dump(2) + "\n");
}

}  // namespace zoetrope::store
