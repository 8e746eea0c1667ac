// SPDX-License-Identifier: Apache-2.0
// The input is a CSV file of --columns, of four images. What comes out is whole: a value for each image, of
// words one of those that the column has.
#include "zoetrope/review/columns.hpp"

#include <cmath>
#include <cstdlib>

#include "zoetrope/support/error.hpp"

#include "scratch_folder.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace zoetrope;
  static const fuzz::ScratchFolder folder;
  const auto path = folder.path() / "columns.csv";
  folder.write("columns.csv", {data, size});
  for (const auto& names : {std::vector<std::string>{}, {"a", "b,1", "c", "c"}}) {
    try {
      for (const review::OwnColumn& column : review::read_columns(path, 4, names)) {
        if (column.values.size() != 4 || column.name.empty()) std::abort();
        for (const double value : column.values) {
          if (std::isnan(value) || column.categories.empty()) continue;
          if (value < 0 || static_cast<std::size_t>(value) >= column.categories.size()) std::abort();
        }
      }
    } catch (const InputError&) {
    }
  }
  return 0;
}
