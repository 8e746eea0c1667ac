// SPDX-License-Identifier: Apache-2.0
#include "file_list.hpp"

#include <algorithm>
#include <array>
#include <iterator>
#include <system_error>

#include "zoetrope/support/interruption.hpp"
#include "zoetrope/support/log.hpp"
#include "zoetrope/support/system_error.hpp"

#include "glob.hpp"
#include "image_endings.hpp"

namespace zoetrope::data {
namespace fs = std::filesystem;

namespace {

constexpr std::array<std::string_view, 6> kNoData{"README.md",         "config.json",
                                                  "dataset_info.json", "dataset_infos.json",
                                                  "dummy_data.zip",    "dataset_dict.json"};

bool holds_data(const fs::path& folder, const DataKind& kind) {
  std::error_code error;
  for (fs::directory_iterator file(folder, error), end; !error && file != end; file.increment(error))
    if (!is_left_out(*file) && kind.is_data(file->path().filename().string())) return true;
  if (error) support::throw_system_error(folder, "cannot be listed", error.value());
  return false;
}

// What is hidden is left out without a word; a class that is left out for its name is worth one.
void warn_of_left_out(const fs::directory_entry& entry, const DataKind& kind) {
  if (!entry.path().filename().string().starts_with("__") || !entry.is_directory()) return;
  if (!holds_data(entry.path(), kind)) return;
  support::warn_once(entry.path().string() + ": is left out with the " + std::string(kind.noun) +
                     "s in it, as datasets leaves out folders whose names start with __ (if it is a class, "
                     "give it another name)");
}

}  // namespace

std::vector<std::string> list_files(const fs::path& folder, const DataKind& kind, bool with_hidden) {
  std::vector<std::string> files;
  fs::path listed = folder;  // where the iterator's next step may fail, which names no folder
  std::error_code error;
  for (fs::recursive_directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
    support::stop_point();
    const bool is_link = at->is_symlink();
    listed = !is_link && at->is_directory() ? at->path() : at->path().parent_path();
    if (!with_hidden && is_left_out(*at)) {
      warn_of_left_out(*at, kind);
      at.disable_recursion_pending();
    } else if (is_link && at->is_directory()) {
      support::warn_once(at->path().string() +
                         ": is left out, as datasets follows no link to a folder; put the folder itself "
                         "in its place, or links to its files");
    } else if (at->is_regular_file() || (is_link && !at->exists())) {  // a link to nothing is named when read
      const fs::path file = at->path().lexically_relative(folder);
      if (std::ranges::find(kNoData, file.filename().string()) == kNoData.end())
        files.push_back(file.generic_string());
    }
  }
  if (error) support::throw_system_error(listed, "cannot be listed", error.value());
  std::ranges::sort(files);
  return files;
}

std::vector<std::string> only_data(const std::vector<std::string>& files, const DataKind& kind) {
  std::vector<std::string> data;
  std::ranges::copy_if(files, std::back_inserter(data),
                       [&](std::string_view file) { return kind.is_data(file_name(file)); });
  return data;
}

std::vector<std::string> files_below(const std::vector<std::string>& files, std::string_view folder) {
  const std::string prefix = folder_prefix(folder);
  std::vector<std::string> found;
  for (const std::string& file : files)
    if (file.starts_with(prefix)) found.push_back(file.substr(prefix.size()));
  return found;
}

}  // namespace zoetrope::data
