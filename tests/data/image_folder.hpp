// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "zoetrope/data/dataset.hpp"

#include "golden.hpp"
#include "scratch.hpp"

namespace zoetrope::data {

// Two splits of images, and what lies about in such folders.
class Folder : public ScratchTest {
 protected:
  Folder() {
    const Golden golden("decode");
    for (const auto& golden_case : golden.cases())
      files_[golden_case.at("name")] = golden.array<std::uint8_t>(golden_case.at("file"));
    write("train/dog/b.jpg", files_.at("420.jpg"));
    write("train/dog/a.PNG", files_.at("rgb.png"));
    write("train/cat/a.webp", files_.at("lossless.webp"));
    write("train/ant-eater/1.bmp", files_.at("grey.bmp"));
    write("val/dog/x.png", files_.at("grey.png"));
    write("val/zebra/y.png", files_.at("rgb.png"));
    write_text("train/dog/notes.txt", "not an image");
    write_text("train/dog/Thumbs.db", "not an image");
    write_text("train/dog/.hidden.png", "not an image");
    write_text("train/README.md", "not a class");
  }

  std::unique_ptr<Dataset> open(Split split, const DatasetOptions& options = {}) const {
    return open_dataset("folder:" + folder_.string(), split, options);
  }

  std::map<std::string, Bytes> files_;
};

inline std::vector<std::int64_t> labels(const Dataset& dataset) {
  std::vector<std::int64_t> labels;
  for (std::int64_t i = 0; i < dataset.size(); ++i) labels.push_back(dataset.label(i));
  return labels;
}

}  // namespace zoetrope::data
