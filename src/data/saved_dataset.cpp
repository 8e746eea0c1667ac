// SPDX-License-Identifier: Apache-2.0
#include "saved_dataset.hpp"

#include "zoetrope/support/error.hpp"
#include "zoetrope/support/json.hpp"
#include "zoetrope/support/listing.hpp"

namespace zoetrope::data {
namespace fs = std::filesystem;

namespace {

constexpr const char* kDict = "dataset_dict.json";
constexpr const char* kState = "state.json";

// A name from a JSON file must not lead anywhere else.
std::string plain_name(const std::string& name, const fs::path& origin) {
  if (!name.empty() && name != "." && name != ".." && name.find('/') == std::string::npos) return name;
  throw InputError(origin.string() + ": \"" + name + "\" is no name of a file beside it");
}

SplitFiles read_state(const fs::path& folder, const fs::path& place) {
  const fs::path path = folder / place / kState;
  const support::Json state = support::read_python_json(path);
  SplitFiles split{support::json_get_or<std::string>(state, "_split", "train", path.string()), {}};
  for (const support::Json& file :
       support::json_get<support::Json::array_t>(state, "_data_files", path.string()))
    split.files.push_back(
        (place / plain_name(support::json_get<std::string>(file, "filename", path.string()), path))
            .generic_string());
  return split;
}

}  // namespace

bool is_saved_dataset(const fs::path& folder) {
  return support::exists(folder / kDict) ||
         (support::exists(folder / kState) && support::exists(folder / "dataset_info.json"));
}

std::optional<std::vector<SplitFiles>> saved_splits(const fs::path& folder) {
  if (!is_saved_dataset(folder)) return std::nullopt;
  const fs::path dict = folder / kDict;
  if (!support::exists(dict)) return std::vector{read_state(folder, "")};
  std::vector<SplitFiles> splits;
  for (const std::string& name : support::json_get<std::vector<std::string>>(support::read_python_json(dict),
                                                                             "splits", dict.string())) {
    splits.push_back(read_state(folder, plain_name(name, dict)));
    splits.back().name = name;
  }
  return splits;
}

}  // namespace zoetrope::data
