// SPDX-License-Identifier: Apache-2.0
// Which of a data set's splits is trained on, and which is tested with.
#include <algorithm>
#include <iterator>
#include <set>

#include "zoetrope/support/error.hpp"
#include "zoetrope/support/log.hpp"

#include "class_names.hpp"
#include "data_files.hpp"
#include "file_list.hpp"
#include "glob.hpp"
#include "kinds.hpp"
#include "selection.hpp"

namespace zoetrope::data {
namespace {

const SplitFiles* find(const std::vector<SplitFiles>& splits, std::string_view name) {
  const auto found = std::ranges::find(splits, name, &SplitFiles::name);
  return found == splits.end() ? nullptr : &*found;
}

// A split that a README.md names, a folder, a split of `datasets`, or what has the name in its own.
SplitFiles named_split(const DataFiles& data, const std::string& name) {
  const SplitFiles* known = find(data.splits, name);
  if (known != nullptr && data.card_tells) return *known;
  SplitFiles split{name, {}};
  const std::string prefix = folder_prefix(name);
  std::ranges::copy_if(data.files, std::back_inserter(split.files),
                       [&](const std::string& file) { return !prefix.empty() && file.starts_with(prefix); });
  if (!split.files.empty()) return split;
  if (known != nullptr) return *known;
  split.files = files_named_after(data.files, name);
  return split;
}

SplitFiles usual_split(const DataFiles& data, Split split) {
  for (const std::string_view name : split_names(split))
    if (const SplitFiles* found = find(data.splits, name)) return *found;
  return {};
}

SplitFiles take_split(const DataFiles& data, Split split, const std::string& given) {
  SplitFiles taken = given.empty() ? usual_split(data, split) : named_split(data, given);
  taken.files = only_data(taken.files, data.kind);
  return taken;
}

std::string list_splits(const DataFiles& data) {
  std::vector<std::string> names;
  for (const SplitFiles& split : data.splits) names.push_back(split.name);
  return join_names(names);
}

[[noreturn]] void refuse_missing(const DataFiles& data, Split split, const std::string& given) {
  const std::string folder = data.folder.string(), option = split_option(split);
  if (!given.empty())
    throw InputError((data.folder / given).string() +
                     ": is not a folder, and neither a split nor any other " + std::string(data.kind.noun) +
                     " of " + folder + " has that name (" + option + "); its splits are " +
                     list_splits(data));
  const std::string what = split == Split::kTrain ? "training" : "test";
  if (!data.card_tells && data.splits.size() == 1 && data.splits[0].name == "train")
    throw InputError(folder + ": holds no " + what +
                     " split: datasets takes all of it for training, as nothing in it is called " +
                     "test, validation or alike; " + std::string(data.kind.test_way) + ", or name it with " +
                     option);
  throw InputError(folder + ": holds no " + what + " split; its splits are " + list_splits(data) +
                   ": name one with " + option);
}

void refuse_both(const DataFiles& data, const SplitFiles& own, const SplitFiles& other,
                 const DatasetOptions& options) {
  // The same images may be both where somebody asks for that.
  if (own.files == other.files && !(options.split.empty() && options.other_split.empty())) return;
  const std::set<std::string> others(other.files.begin(), other.files.end());
  for (const std::string& file : own.files) {
    if (others.contains(file))
      throw InputError(
          (data.folder / file).string() + ": is of the splits " + own.name + " and " + other.name +
          " at once, by its own name or those of its folders; rename what is named after the wrong one, or "
          "name both folders with --train-split and --test-split");
  }
}

void warn_of_doubles(const DataFiles& data, const SplitFiles& own) {
  std::vector<std::string> files = own.files;
  std::ranges::sort(files);
  const auto twice = std::ranges::adjacent_find(files);
  if (twice != files.end())
    support::warn_once(
        (data.folder / *twice).string() +
        ": counts twice, as datasets finds it twice: by the names of two of its folders, or by two patterns");
}

// "full" of full/train/0.parquet: the folders above that of the split. Where only the file is named after its
// split, all of its folders, but those of images are classes.
std::set<std::string> config_folders(const DataFiles& data, const SplitFiles& split,
                                     const DatasetOptions& options) {
  std::vector<std::string_view> keywords(all_keywords().begin(), all_keywords().end());
  for (const std::string_view name : {std::string_view(options.split), std::string_view(options.other_split)})
    if (!name.empty()) keywords.push_back(name);
  std::set<std::string> folders;
  for (const std::string& file : split.files) {
    std::string config;
    const auto parts = path_parts(file);
    std::size_t i = 0;
    for (; i + 1 < parts.size() && !holds_keyword(parts[i], keywords); ++i) {
      if (!config.empty()) config += '/';
      config += parts[i];
    }
    const bool is_of_class = i + 1 == parts.size() && data.kind.folders_are_classes;
    folders.insert(is_of_class ? "" : config);
  }
  return folders;
}

// "cat/train/1.jpg": what people mean by it is a class, and datasets takes the split for one.
void refuse_splits_in_classes(const DataFiles& data, const SplitFiles& own) {
  if (!data.kind.folders_are_classes) return;
  for (const std::string& file : own.files) {
    const auto parts = path_parts(file);
    const bool lies_in_split = parts.size() > 2 && holds_keyword(parts[parts.size() - 2], all_keywords());
    if (!lies_in_split || is_image_metadata(parts.back())) return;
  }
  const auto parts = path_parts(own.files.front());
  const std::string class_name(parts[parts.size() - 3]), split(parts[parts.size() - 2]);
  throw InputError(
      (data.folder / own.files.front()).string() + ": lies in a split's folder within another, of " +
      "a class perhaps, and datasets takes the split for the class; images belong in the class's "
      "folder within the split's, as in " +
      (data.folder / split / class_name).string());
}

// Of folders that all have both splits, each may be a data set of its own.
void refuse_several_configs(const DataFiles& data, const SplitFiles& own, const SplitFiles& other,
                            const DatasetOptions& options) {
  const auto ours = config_folders(data, own, options);
  const auto theirs = config_folders(data, other, options);
  std::vector<std::string> both, all;
  std::ranges::set_intersection(ours, theirs, std::back_inserter(both));
  if (both.empty() || (ours.size() == 1 && theirs.size() == 1)) return;
  refuse_splits_in_classes(data, own);
  std::ranges::set_union(ours, theirs, std::back_inserter(all));
  const std::string one = all[0].empty() ? all[1] : all[0];
  if (all[0].empty()) all[0] = "the folder itself";
  throw InputError(data.folder.string() + ": holds several configurations of a data set, " + join_names(all) +
                   ", which are not to be read as one; name one with --data-config " + one +
                   ", or give its folder: --data " + std::string(data.kind.scheme) + ":" +
                   (data.folder / one).string());
}

// datasets reads none of them where one is empty.
void refuse_empty(const DataFiles& data, const std::vector<SplitFiles>& with_others) {
  for (const SplitFiles& split : with_others) {
    if (!only_data(split.files, data.kind).empty()) continue;
    const std::string what =
        split.files.empty() ? "" : ", only what is named as if it were of it: " + split.files[0];
    throw InputError(data.folder.string() + ": its split " + split.name + " holds no " +
                     std::string(data.kind.noun) + what +
                     "; rename or remove that, or name the splits with --train-split and --test-split");
  }
}

}  // namespace

SplitChoice choose_split(const DataFiles& data, Split split, const DatasetOptions& options) {
  const bool are_named = !options.split.empty() || !options.other_split.empty();
  if (!are_named) refuse_empty(data, data.splits);
  SplitChoice choice{
      take_split(data, split, options.split), take_split(data, other_of(split), options.other_split), {}};
  if (choice.own.files.empty()) refuse_missing(data, split, options.split);
  refuse_both(data, choice.own, choice.other, options);
  if (!data.card_tells) refuse_several_configs(data, choice.own, choice.other, options);
  warn_of_doubles(data, choice.own);
  choice.all = are_named ? std::vector{choice.own, choice.other} : data.splits;
  for (SplitFiles& each : choice.all) each.files = only_data(each.files, data.kind);
  return choice;
}

}  // namespace zoetrope::data
