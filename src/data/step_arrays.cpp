// SPDX-License-Identifier: Apache-2.0
#include "zoetrope/data/step_arrays.hpp"

#include <algorithm>
#include <array>

#include "zoetrope/support/error.hpp"
#include "zoetrope/support/listing.hpp"
#include "zoetrope/support/trace.hpp"

#include "step_readers.hpp"

namespace zoetrope::data {
namespace fs = std::filesystem;

std::unique_ptr<StepArrays> open_step_arrays(const fs::path& place, const std::string& word) {
  struct Form {
    const char* ending;
    std::unique_ptr<StepArrays> (*open)(const fs::path&, const std::string&);
  };
  static constexpr std::array<Form, 5> kForms = {{{"", open_npy_folder},
                                                  {".npz", open_npz_file},
                                                  {".h5", open_hdf5_arrays},
                                                  {".hdf5", open_hdf5_arrays},
                                                  {".parquet", open_parquet_arrays}}};
  const trace::Span span("opening arrays", place);
  if (!support::exists(place)) throw InputError(place.string() + ": does not exist");
  const bool is_folder = support::is_directory(place);
  const std::string ending = is_folder ? "" : place.extension().string();
  const auto form = std::ranges::find_if(kForms, [&](const Form& one) { return ending == one.ending; });
  if (form == kForms.end() || (ending.empty() && !is_folder))
    throw InputError(place.string() +
                     (ending == ".npy"
                          ? ": is an array without a step: put it in a folder, as <step>.npy, and give that"
                          : ": is no folder of .npy files, no .npz, .h5 or .parquet file"));
  auto arrays = form->open(place, word);
  if (arrays->steps().empty())
    throw InputError(place.string() +
                     ": holds no array that is called by its step: step_<step>, checkpoint-<step>, " + word +
                     "_<step> or <step>" + (ending.empty() ? ", each with .npy" : ""));
  return arrays;
}

}  // namespace zoetrope::data
