// SPDX-License-Identifier: Apache-2.0
// Which files of a folder are a data set's, and of which split: as `datasets` has it.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "zoetrope/data/dataset.hpp"

#include "split_names.hpp"

namespace zoetrope::data {

// What a scheme of --data takes for data.
struct DataKind {
  std::string_view scheme;    // "folder"
  std::string_view noun;      // "image"
  std::string_view test_way;  // how to have a test split, as an error says it
  bool (*is_data)(std::string_view file_name);
  bool folders_are_classes = false;
};

struct DataFiles {
  std::filesystem::path folder;
  DataKind kind;
  bool card_tells = false;         // which file is of which split: README.md does
  std::vector<std::string> files;  // those of data, sorted, without hidden ones
  std::vector<SplitFiles> splits;  // with files that are no data among them
  std::string config = {};         // that of README.md whose these are; "" where it names none
};

// Those of the configuration `config`: one of README.md, else a folder; where that is "", of the default.
// Throws InputError where there are no data or no such configuration, where README.md cannot be read, or
// where it names several of which none is the default.
DataFiles find_data_files(const std::filesystem::path& folder, const DataKind& kind,
                          const std::string& config);

// Files of data alone.
struct SplitChoice {
  SplitFiles own;
  SplitFiles other;             // empty where there is none
  std::vector<SplitFiles> all;  // those that must agree: all of the data set, or the two that options name
};

// The split that the options name, else the usual one. Throws InputError, with the ways out, where there is
// none, where it holds no data, where a file is of both splits, or where subfolders may be several
// configurations; with a warning where a file is there twice.
SplitChoice choose_split(const DataFiles& data, Split split, const DatasetOptions& options);

}  // namespace zoetrope::data
