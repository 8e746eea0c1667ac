// SPDX-License-Identifier: Apache-2.0
#include "zoetrope/data/dataset.hpp"

#include <filesystem>

#include "zoetrope/support/error.hpp"

#include "readers.hpp"

namespace zoetrope::data {
namespace fs = std::filesystem;

std::unique_ptr<Dataset> open_dataset(const std::string& spec, Split split, std::int64_t limit) {
  const auto colon = spec.find(':');
  const std::string scheme = spec.substr(0, colon);
  const bool known = scheme == "idx" || scheme == "cifar10";
  if (colon == std::string::npos || !known)
    throw UsageError("--data " + spec + ": the scheme is unknown; give idx:DIR or cifar10:DIR");
  const fs::path folder = spec.substr(colon + 1);
  if (!fs::is_directory(folder))
    throw InputError("--data " + spec + ": " + folder.string() + " is not a folder");
  return scheme == "idx" ? open_idx(folder, split, limit) : open_cifar10(folder, split, limit);
}

}  // namespace zoetrope::data
