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

// Of an entry whose kind the listing gives the disk is not asked.
enum class EntryKind { kFile, kFolder, kLinkToFolder, kOther };

EntryKind kind_of_entry(const fs::directory_entry& entry) {
  std::error_code error;
  const auto checked = [&](bool answer) {
    const bool is_link_to_nothing =
        error == std::errc::no_such_file_or_directory || error == std::errc::not_a_directory;
    if (error && !is_link_to_nothing)
      support::throw_system_error(entry.path(), "cannot be looked at", error.value());
    return answer;
  };
  const bool is_link = checked(entry.is_symlink(error));
  if (checked(entry.is_directory(error))) return is_link ? EntryKind::kLinkToFolder : EntryKind::kFolder;
  if (checked(entry.is_regular_file(error))) return EntryKind::kFile;
  return is_link && !checked(entry.exists(error)) ? EntryKind::kFile  // a link to nothing is named when read
                                                  : EntryKind::kOther;
}

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

std::vector<std::string> list_now(const fs::path& folder, const DataKind& kind, bool with_hidden) {
  std::vector<std::string> files;
  fs::path listed = folder;  // where the iterator's next step may fail, which names no folder
  std::error_code error;
  for (fs::recursive_directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
    support::stop_point();
    listed = at->path().parent_path();
    if (!with_hidden && is_left_out(*at)) {
      warn_of_left_out(*at, kind);
      at.disable_recursion_pending();
      continue;
    }
    const EntryKind entry = kind_of_entry(*at);
    if (entry == EntryKind::kFolder) {
      listed = at->path();
    } else if (entry == EntryKind::kLinkToFolder) {
      support::warn_once(at->path().string() +
                         ": is left out, as datasets follows no link to a folder; put the folder itself "
                         "in its place, or links to its files");
    } else if (entry == EntryKind::kFile) {
      const fs::path file = at->path().lexically_relative(folder);
      if (std::ranges::find(kNoData, file.filename().string()) == kNoData.end())
        files.push_back(file.generic_string());
    }
  }
  if (error) support::throw_system_error(listed, "cannot be listed", error.value());
  std::ranges::sort(files);
  return files;
}

}  // namespace

std::vector<std::string> list_files(const fs::path& folder, const DataKind& kind, bool with_hidden) {
  return support::try_again([&] { return list_now(folder, kind, with_hidden); });
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
