// SPDX-License-Identifier: Apache-2.0
// For h5py_peer.py: `write FOLDER` writes embeddings and an analysis; `read FOLDER` reads them, whoever wrote
// them, and prints what it found.
#include <cstdio>
#include <string>

#include "zoetrope/support/error.hpp"

#include "samples.hpp"

namespace {

using namespace zoetrope::store;

void write(const std::filesystem::path& folder) {
  const EmbeddingsIdentity identity = sample_identity(11, 3);
  write_shard(folder, identity, 4, {sample_rows(4, 11, 3), {}});
  write_shard(folder, identity, 0, {sample_rows(0, 4, 3), {}});
  seal(folder, identity);
  write_analysis(folder / "analysis.h5", sample_analysis(5, 13, 2));
}

void read(const std::filesystem::path& folder) {
  const Embeddings embeddings = read_embeddings(folder);
  double sum = 0;
  for (const float value : embeddings.values) sum += value;
  std::printf("embeddings %lld x %lld step %lld epoch %.17g model %s sum %.17g\n",
              static_cast<long long>(embeddings.identity.num_rows),
              static_cast<long long>(embeddings.identity.num_columns),
              static_cast<long long>(embeddings.identity.step), embeddings.identity.epoch,
              embeddings.identity.model_digest.c_str(), sum);
  const Analysis analysis = read_analysis(folder / "analysis.h5");
  std::printf("analysis %zu x %zu curve %s\n", analysis.num_frames(), analysis.num_images(),
              analysis.curves.begin()->first.c_str());
  for (const std::string& name : analysis.class_names) std::printf("class %s\n", name.c_str());
}

}  // namespace

int main(int argc, char** argv) {
  try {
    if (argc == 3 && std::string(argv[1]) == "write") return write(argv[2]), 0;
    if (argc == 3 && std::string(argv[1]) == "read") return read(argv[2]), 0;
  } catch (const zoetrope::Error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return static_cast<int>(error.code());
  }
  return 2;
}
