// SPDX-License-Identifier: Apache-2.0
// Which files are of which split where only their names and those of their folders tell: the rules of
// Hugging Face `datasets`.
#pragma once

#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace zoetrope::data {

// Files are relative to the folder that was given, with slashes.
struct SplitFiles {
  std::string name;                // "train", "validation", "test"; others where files or README.md say so
  std::vector<std::string> files;  // in the order of `datasets`
};

// The name of the folder that a file lies in.
std::string class_of(const std::string& file);
std::set<std::string> classes_of(const SplitFiles& split);

// Whether the name of a folder holds one of `keywords` as a word: train, train-1, my_train, my_train_1.
bool holds_keyword(std::string_view folder, std::span<const std::string_view> keywords);
std::span<const std::string_view> all_keywords();

// The splits of `files`, which are sorted and not hidden, those without a file left out. The first of these
// that finds any decides: data/SPLIT-00000-of-00001.*, names of folders, names of files; else all is "train".
// A file that two patterns of one split find is there twice. Throws InputError naming `origin` where shards
// are named after what no split can be called.
std::vector<SplitFiles> split_by_names(const std::vector<std::string>& files, const std::string& origin);

// The files of a split called `keyword`, by the same patterns: by folders, else by files.
std::vector<std::string> files_named_after(const std::vector<std::string>& files, std::string_view keyword);

}  // namespace zoetrope::data
