// SPDX-License-Identifier: Apache-2.0
#include "zoetrope/store/mapped_embeddings.hpp"

#include <algorithm>
#include <cstdint>

#include "zoetrope/support/error.hpp"
#include "zoetrope/support/interruption.hpp"
#include "zoetrope/support/trace.hpp"

#include "embeddings_shards.hpp"
#include "hdf5.hpp"
#include "hdf5_state.hpp"

namespace zoetrope::store {

namespace {

constexpr std::size_t kFloatsAtATime = std::size_t{1} << 18;  // 1 MiB

// A dataset of `file`, of which `mapped` are the bytes; all of it has been looked at, for the digest.
std::span<const float> map_floats(const Hdf5File& file, const char* name, std::span<const std::byte> mapped) {
  const DatasetInfo info = file.expect(name, ElementType::kFloat32);
  if (info.shape.size() != 2 || info.shape[0] * info.shape[1] == 0) return {};
  const std::uint64_t offset = file.offset_of_floats(name), count = info.shape[0] * info.shape[1];
  if (offset > mapped.size() || count > (mapped.size() - offset) / sizeof(float))
    file.state().fail(name, "lies beyond the end of the file, which is damaged or was made anew");
  const std::span values(reinterpret_cast<const float*>(mapped.data() + offset), count);
  for (std::size_t first = 0; first < count; first += kFloatsAtATime) {
    support::stop_point();
    const auto some = values.subspan(first, std::min<std::size_t>(kFloatsAtATime, count - first));
    file.state().content.add(absolute_name(name), first * sizeof(float), std::as_bytes(some));
    support::keep_mapped_limit();
  }
  return values;
}

void require_finite_in_blocks(std::span<const float> values, std::int64_t num_columns,
                              const std::filesystem::path& path, const char* dataset) {
  if (values.empty()) return;
  const std::size_t rows = std::max<std::size_t>(1, kFloatsAtATime / static_cast<std::size_t>(num_columns));
  const std::size_t step = rows * static_cast<std::size_t>(num_columns);
  for (std::size_t first = 0; first < values.size(); first += step) {
    require_finite(values.subspan(first, std::min(step, values.size() - first)), num_columns, path, dataset,
                   static_cast<std::int64_t>(first) / num_columns);
    support::keep_mapped_limit();
  }
}

}  // namespace

MappedEmbeddings::MappedEmbeddings(const std::filesystem::path& checkpoint_folder, EmbeddedSplit split)
    : file_(checkpoint_folder / embeddings_file_of(split)), bounded_(file_.bytes()) {
  const trace::Span span("reading", file_.path());
  const Hdf5File file = Hdf5File::open(file_.path());
  identity_ = read_sealed_identity(file, file_.path());
  values_ = map_floats(file, kEmbeddings, file_.bytes());
  if (identity_.num_classes > 0) logits_ = map_floats(file, kLogits, file_.bytes());
  classifier_ = read_classifier(file, identity_, file_.path());
  file.verify();
  require_finite_in_blocks(values_, identity_.num_columns, file_.path(), kEmbeddings);
  require_finite_in_blocks(logits_, identity_.num_classes, file_.path(), kLogits);
  require_finite(classifier_, identity_, file_.path());
}

}  // namespace zoetrope::store
