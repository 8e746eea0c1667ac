// SPDX-License-Identifier: Apache-2.0
// A folder of .npy files, one for each step.
#include <string>

#include "zoetrope/support/error.hpp"
#include "zoetrope/support/files.hpp"
#include "zoetrope/support/interruption.hpp"
#include "zoetrope/support/listing.hpp"
#include "zoetrope/support/log.hpp"

#include "step_readers.hpp"

namespace zoetrope::data {
namespace fs = std::filesystem;

namespace {

// The bytes of a file, one after the other.
class FileBytes {
 public:
  explicit FileBytes(const fs::path& path) : file_(path) {}

  NpyHeader header() {
    const NpyHeader header = read_npy_header(next(), file_.bytes().size(), file_.path().string());
    return header;
  }
  NextBytes next() {
    return [this](std::span<std::byte> into) {
      file_.read(at_, into);
      at_ += into.size();
    };
  }

 private:
  support::MappedFile file_;
  std::size_t at_ = 0;
};

std::vector<fs::path> npy_files(const fs::path& folder) {
  std::vector<fs::path> files;
  for (const std::string& name : support::names_in(folder))
    if (name.ends_with(".npy") && !name.starts_with('.')) files.push_back(folder / name);
  return files;
}

class NpyFolder final : public StepArrays {
 public:
  NpyFolder(const fs::path& folder, const std::string& word) {
    std::string others;
    for (const fs::path& path : npy_files(folder)) {
      support::stop_point();
      const auto step = step_in_name(path.stem().string(), word);
      if (step) {
        const NpyHeader header = FileBytes(path).header();
        add(*step, array_info(path.string(), header.type, header.shape));
      } else {
        others += (others.empty() ? "" : ", ") + path.filename().string();
      }
    }
    if (!others.empty() && !steps().empty())
      support::warn_once(folder.string() + ": " + others + ": passed over, as the name is of no step");
  }

  std::vector<float> read(std::int64_t step) const override {
    const ArrayInfo& array = steps().at(step);
    FileBytes bytes(array.place);
    const NpyHeader header = bytes.header();
    const ArrayInfo now = array_info(array.place, header.type, header.shape);
    if (now.rows != array.rows || now.columns != array.columns || now.dtype != array.dtype)
      throw InputError(array.place + ": was written anew while it was read; run the same command again");
    return read_rows(array, header, bytes.next());
  }
};

}  // namespace

std::unique_ptr<StepArrays> open_npy_folder(const fs::path& folder, const std::string& word) {
  return std::make_unique<NpyFolder>(folder, word);
}

}  // namespace zoetrope::data
