// SPDX-License-Identifier: Apache-2.0
// The input is an HDF5 file behind a letter: e an embeddings.h5, t an embeddings-train.h5, s a shard, any
// other an analysis.h5.
#include <algorithm>
#include <cstdlib>

#include "zoetrope/store/analysis_file.hpp"
#include "zoetrope/store/embeddings_file.hpp"
#include "zoetrope/store/mapped_embeddings.hpp"
#include "zoetrope/support/error.hpp"

#include "scratch_folder.hpp"

namespace {

using namespace zoetrope;

void read_as_shard(const std::filesystem::path& folder) {
  const store::EmbeddingsIdentity identity{.step = 2,
                                           .epoch = 0.5,
                                           .model_digest = "m",
                                           .dataset_digest = "d",
                                           .feature = "cls",
                                           .dtype = "float32",
                                           .num_rows = 3,
                                           .num_columns = 64};
  store::collect_shards(folder, identity);
}

// What can be read can be mapped, unless its values are not one piece of the file.
void read_both_ways(const std::filesystem::path& folder) {
  const store::Embeddings read = store::read_embeddings(folder);
  const store::MappedEmbeddings mapped(folder);
  if (!std::ranges::equal(read.values, mapped.values())) std::abort();
}

void read_as_analysis(const std::filesystem::path& folder) {
  const store::Analysis a = store::read_analysis(folder / "analysis.h5");
  if (a.aligned.size() != 2 * a.num_frames() * a.num_images()) std::abort();
  for (const std::int64_t index : a.outlier)
    if (static_cast<std::size_t>(index) >= a.num_images()) std::abort();
  for (const std::int64_t image : a.leak)
    if (image >= static_cast<std::int64_t>(a.num_training())) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const fuzz::ScratchFolder folder;
  if (size == 0) return 0;
  const char kind = static_cast<char>(data[0]);
  const char* name = kind == 'e'   ? "embeddings.h5"
                     : kind == 't' ? "embeddings-train.h5"
                     : kind == 's' ? "embeddings.shard-0-3.h5"
                                   : "analysis.h5";
  folder.write(name, {data + 1, size - 1});
  try {
    if (kind == 'e')
      read_both_ways(folder.path());
    else if (kind == 't')
      store::read_embeddings(folder.path(), store::EmbeddedSplit::kTrain);
    else if (kind == 's')
      read_as_shard(folder.path());
    else
      read_as_analysis(folder.path());
  } catch (const InputError&) {
  }
  return 0;
}
