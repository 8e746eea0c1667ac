// SPDX-License-Identifier: Apache-2.0
// numpy's .npz: a zip file of .npy files, stored or deflated.
#include "zoetrope/support/files.hpp"

#include "memory_bound.hpp"
#include "step_readers.hpp"
#include "zip_reader.hpp"

namespace zoetrope::data {
namespace fs = std::filesystem;

namespace {

constexpr std::string_view kNpyEnding = ".npy";

constexpr const char* kKind = ".npz file";

// "" of what is no .npy file.
std::string array_name(const ZipReader& zip) {
  const std::string name = zip.name();
  return name.ends_with(kNpyEnding) ? name.substr(0, name.size() - kNpyEnding.size()) : "";
}

class NpzArrays final : public StepArrays {
 public:
  NpzArrays(const fs::path& path, const std::string& word) : file_(path), word_(word) {
    for (ZipReader zip(file_, kKind); zip.next();)
      if (const auto step = step_in_name(array_name(zip), word)) {
        const std::string place = path.string() + ": " + array_name(zip);
        const NpyHeader header = header_of(zip, place);
        add(*step, array_info(place, header.type, header.shape));
      }
  }

  std::vector<float> read(std::int64_t step) const override {
    const ArrayInfo& array = steps().at(step);
    ZipReader zip(file_, kKind);
    while (zip.next())
      if (step_in_name(array_name(zip), word_) == step) break;
    const NpyHeader header = header_of(zip, array.place);
    std::vector<float> values =
        read_rows(array, header, bytes_of(zip), believed_bytes(std::ssize(file_.bytes())));
    zip.require_end();
    return values;
  }

 private:
  static NextBytes bytes_of(const ZipReader& zip) {
    return [&zip](std::span<std::byte> into) { zip.read(into); };
  }
  static NpyHeader header_of(const ZipReader& zip, const std::string& place) {
    return read_npy_header(bytes_of(zip), zip.size(), place);
  }

  support::MappedFile file_;
  std::string word_;
};

}  // namespace

std::unique_ptr<StepArrays> open_npz_file(const fs::path& file, const std::string& word) {
  return std::make_unique<NpzArrays>(file, word);
}

}  // namespace zoetrope::data
