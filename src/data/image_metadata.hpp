// SPDX-License-Identifier: Apache-2.0
// metadata.csv, metadata.jsonl and metadata.parquet in a folder of images: a row for each image, with the
// image's path and its label, as `datasets`' imagefolder reads them.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "zoetrope/data/dataset.hpp"

#include "data_files.hpp"

namespace zoetrope::data {

struct LabelledImages {
  struct Entry {
    std::filesystem::path file;
    std::int64_t label = 0;
  };
  std::vector<Entry> entries;
  std::vector<std::string> class_names;
};

// Whether such a file is among those of any split: then folders are no classes.
bool has_metadata(const SplitChoice& choice);

// The images that the files of choice.own name, in their order. `folder` is what the splits' files are
// relative to. Throws InputError naming the file and the row where an image lies elsewhere or has no label,
// where the splits' files do not agree, and where one split has none.
LabelledImages read_image_metadata(const std::filesystem::path& folder, const SplitChoice& choice,
                                   const DatasetOptions& options);

}  // namespace zoetrope::data
