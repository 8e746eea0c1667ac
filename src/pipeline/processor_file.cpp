// SPDX-License-Identifier: Apache-2.0
#include "zoetrope/pipeline/processor_file.hpp"

#include "zoetrope/store/folder_files.hpp"
#include "zoetrope/support/listing.hpp"

namespace zoetrope::pipeline {

namespace {

constexpr const char* kImagePart = "image_processor";

}  // namespace

std::optional<ProcessorFile> find_processor_file(const std::filesystem::path& folder) {
  const auto whole = folder / store::kProcessorFile, images = folder / store::kPreprocessorFile;
  if (support::is_listed(whole)) {
    support::Json json = support::read_python_json(whole);
    if (json.is_object() && json.contains(kImagePart))
      return ProcessorFile{whole, std::move(json.at(kImagePart))};
  }
  if (!support::is_listed(images)) return std::nullopt;
  return ProcessorFile{images, support::read_python_json(images)};
}

}  // namespace zoetrope::pipeline
