// SPDX-License-Identifier: Apache-2.0
// The input is a metadata.csv, and a metadata.jsonl. Arrow itself is not instrumented, as in shard.hpp.
#include "zoetrope/support/error.hpp"

#include "../../src/data/parquet/formats.hpp"
#include "scratch_folder.hpp"

namespace {

using namespace zoetrope;

void read(std::unique_ptr<data::Table> (*open)(const std::filesystem::path&),
          const std::filesystem::path& path) {
  try {
    const auto table = open(path);
    const auto columns = table->columns();
    for (std::size_t i = 0; i < columns.size(); ++i) {
      if (columns[i].kind == data::ColumnKind::kInteger) table->read_integers(i);
      if (columns[i].kind == data::ColumnKind::kText) table->read_texts(i);
    }
  } catch (const InputError&) {
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const fuzz::ScratchFolder folder;
  folder.write("metadata", {data, size});
  read(data::open_csv_table, folder.path() / "metadata");
  read(data::open_jsonl_table, folder.path() / "metadata");
  return 0;
}
