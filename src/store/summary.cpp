// SPDX-License-Identifier: Apache-2.0
#include "zoetrope/store/summary.hpp"

#include <cmath>
#include <utility>

#include "zoetrope/store/sealed_json.hpp"
#include "zoetrope/support/files.hpp"
#include "zoetrope/support/listing.hpp"
#include "zoetrope/support/log.hpp"

namespace zoetrope::store {

namespace {

support::Json earlier_stages(const std::filesystem::path& path) {
  if (!support::exists(path)) return support::Json::object();
  try {
    return read_summary(path).at("stages");
  } catch (const InputError& damage) {
    support::log_warning(std::string(damage.what()) +
                         "; it is made again, without the stages of earlier jobs");
    return support::Json::object();
  }
}

}  // namespace

support::Json read_summary(const std::filesystem::path& path) {
  support::Json json = support::read_json(path, std::size_t{1} << 20);
  check_digest(json, path.string());
  if (!json.contains("stages") || !json.at("stages").is_object())
    throw InputError(path.string() + ": \"stages\" is missing");
  return json;
}

void write_summary(const std::filesystem::path& path, const Summary& summary) {
  support::Json json;
  json["stages"] = earlier_stages(path);
  for (const StageTime& stage : summary.stages)
    if (stage.items > 0)
      json["stages"][stage.name] = {{"seconds", stage.seconds}, {"items", stage.items}, {"unit", stage.unit}};
  json["total_seconds"] = summary.total_seconds;
  json["peak_memory_bytes"] = summary.peak_memory_bytes;
  json["world_size"] = summary.world_size;
  json["threads_per_rank"] = summary.threads_per_rank;
  if (std::isfinite(summary.test_accuracy)) json["test_accuracy"] = summary.test_accuracy;
  support::write_file(path, with_digest(std::move(json)).dump(2) + "\n");
}

}  // namespace zoetrope::store
