// SPDX-License-Identifier: Apache-2.0
#include "split_names.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <map>

#include "zoetrope/support/error.hpp"

#include "glob.hpp"

namespace zoetrope::data {
namespace {

using Keywords = std::span<const std::string_view>;

constexpr std::array<std::string_view, 10> kKeywords{
    "train", "training", "validation", "valid", "dev", "val", "test", "testing", "eval", "evaluation"};
constexpr std::string_view kShard = "-[0-9][0-9][0-9][0-9][0-9]-of-[0-9][0-9][0-9][0-9][0-9]*.*";

struct KnownSplit {
  std::string_view name;
  Keywords keywords;
};
constexpr std::array<KnownSplit, 3> kSplits{{{"train", Keywords(kKeywords).first(2)},
                                             {"validation", Keywords(kKeywords).subspan(2, 4)},
                                             {"test", Keywords(kKeywords).last(4)}}};

bool is_separator(char c) {
  return c == '-' || c == '.' || c == '_' || c == ' ' || std::isdigit(static_cast<unsigned char>(c)) != 0;
}

// Of the places of `keyword` in `name` one that has, or lacks, a separator on either side.
bool is_found(std::string_view name, std::string_view keyword, bool before, bool after) {
  for (std::size_t at = name.find(keyword); at != std::string_view::npos; at = name.find(keyword, at + 1)) {
    const std::size_t end = at + keyword.size();
    const bool begins = before ? at > 0 && is_separator(name[at - 1]) : at == 0;
    const bool ends = after ? end < name.size() && is_separator(name[end]) : end == name.size();
    if (begins && ends) return true;
  }
  return false;
}

// Each way to name a folder or a file is a pattern of its own, in the order in which `datasets` tries them.
constexpr int kFolderWays = 4;
constexpr int kFileWays = 2;

bool names_folder(std::string_view folder, std::string_view keyword, int way) {
  return is_found(folder, keyword, way >= 2, way % 2 == 1);
}

bool names_file(std::string_view file, std::string_view keyword, int way) {
  return is_found(file, keyword, way == 1, true);
}

std::string_view folder_of(std::string_view file) {
  const std::size_t slash = file.rfind('/');
  return slash == std::string_view::npos ? std::string_view() : file.substr(0, slash);
}

bool lies_in(std::string_view file, std::string_view keyword, int way) {
  return std::ranges::any_of(path_parts(folder_of(file)),
                             [&](std::string_view folder) { return names_folder(folder, keyword, way); });
}

bool is_named(std::string_view file, std::string_view keyword, int way) {
  return names_file(file_name(file), keyword, way);
}

// The folders of many files are few: what was found of the last one holds for the next.
void add_by_folders(const std::vector<std::string>& files, std::string_view keyword,
                    std::vector<std::string>& found) {
  for (int way = 0; way < kFolderWays; ++way) {
    std::string_view last;
    bool is_in = false;
    for (const std::string& file : files) {
      if (folder_of(file) != last || last.empty()) {
        last = folder_of(file);
        is_in = lies_in(file, keyword, way);
      }
      if (is_in) found.push_back(file);
    }
  }
}

void add_by_files(const std::vector<std::string>& files, std::string_view keyword,
                  std::vector<std::string>& found) {
  for (int way = 0; way < kFileWays; ++way)
    std::ranges::copy_if(files, std::back_inserter(found),
                         [&](const std::string& file) { return is_named(file, keyword, way); });
}

template <typename Add>
std::vector<SplitFiles> by_keywords(const std::vector<std::string>& files, const Add& add) {
  std::vector<SplitFiles> splits;
  for (const KnownSplit& split : kSplits) {
    SplitFiles found{std::string(split.name), {}};
    for (const std::string_view keyword : split.keywords) add(files, keyword, found.files);
    if (!found.files.empty()) splits.push_back(std::move(found));
  }
  return splits;
}

// Letters, digits and underscores, with dots between; letters of other alphabets are taken as they come.
bool can_be_a_split(std::string_view name) {
  const auto is_letter = [](unsigned char c) { return std::isalnum(c) != 0 || c == '_' || c >= 0x80; };
  for (std::size_t i = 0; i < name.size(); ++i) {
    const bool is_between = i > 0 && i + 1 < name.size() && name[i - 1] != '.';
    if (!is_letter(static_cast<unsigned char>(name[i])) && !(name[i] == '.' && is_between)) return false;
  }
  return !name.empty();
}

std::vector<SplitFiles> by_shards(const std::vector<std::string>& files, const std::string& origin) {
  const Glob shard("data/*" + std::string(kShard));
  std::map<std::string, std::vector<std::string>> splits;
  for (const std::string& file : files) {
    if (!file.starts_with("data/") || !shard.matches(file)) continue;
    const std::string_view name = std::string_view(file).substr(5);
    std::size_t end = name.rfind("-of-");  // of the last number that fits, as a greedy pattern finds it
    while (end != std::string_view::npos && end >= 6 && !Glob(kShard).matches(name.substr(end - 6)))
      end = name.rfind("-of-", end - 1);
    const std::string split(name.substr(0, end - 6));
    if (!can_be_a_split(split))
      throw InputError(origin + "/" + file + ": a split cannot be called \"" + split +
                       "\", as datasets holds it; rename its shards (letters, digits, underscores and dots)");
    splits[split].push_back(file);
  }
  std::vector<SplitFiles> found;
  for (const KnownSplit& known : kSplits) {
    if (auto split = splits.extract(std::string(known.name)))
      found.push_back({split.key(), std::move(split.mapped())});
  }
  for (auto& [name, shards] : splits) found.push_back({name, std::move(shards)});
  return found;
}

}  // namespace

std::span<const std::string_view> all_keywords() {
  return kKeywords;
}

bool holds_keyword(std::string_view folder, std::span<const std::string_view> keywords) {
  return std::ranges::any_of(keywords, [&](std::string_view keyword) {
    for (int way = 0; way < kFolderWays; ++way)
      if (names_folder(folder, keyword, way)) return true;
    return false;
  });
}

std::vector<SplitFiles> split_by_names(const std::vector<std::string>& files, const std::string& origin) {
  std::vector<SplitFiles> splits = by_shards(files, origin);
  if (splits.empty()) splits = by_keywords(files, add_by_folders);
  if (splits.empty()) splits = by_keywords(files, add_by_files);
  if (splits.empty() && !files.empty()) splits.push_back({"train", files});
  return splits;
}

std::string class_of(const std::string& file) {
  return std::string(file_name(folder_of(file)));
}

std::set<std::string> classes_of(const SplitFiles& split) {
  std::set<std::string> names;
  for (const std::string& file : split.files) names.insert(class_of(file));
  return names;
}

std::vector<std::string> files_named_after(const std::vector<std::string>& files, std::string_view keyword) {
  std::vector<std::string> found;
  add_by_folders(files, keyword, found);
  if (found.empty()) add_by_files(files, keyword, found);
  return found;
}

}  // namespace zoetrope::data
