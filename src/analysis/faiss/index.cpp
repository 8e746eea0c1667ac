// SPDX-License-Identifier: Apache-2.0
// The only file that includes FAISS. It is linked as an archive (cmake/faiss.cmake has why), and what the
// program takes of it adds 1 MB and no library: its products are those of the MKL in libtorch, its OpenMP is
// libtorch's, which deals it the threads that everything else has.
#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include <faiss/IndexFlat.h>
#include <faiss/IndexHNSW.h>
#include <faiss/IndexIVFFlat.h>
#include <faiss/impl/FaissException.h>
#include <omp.h>

#include "zoetrope/compute/tasks.hpp"
#include "zoetrope/support/error.hpp"
#include "zoetrope/support/interruption.hpp"
#include "zoetrope/support/progress_marks.hpp"

#include "float_distance.hpp"
#include "index_candidates.hpp"

// LAPACK that libtorch does not export, and that only FAISS's rotations (PCA, OPQ) call, which come along
// with its indexes and are never made here. Hidden, so that no library takes them for LAPACK.
extern "C" {
#define ZOETROPE_NEVER_CALLED(name)                   \
  __attribute__((visibility("hidden"))) void name() { \
    std::abort();                                     \
  }
ZOETROPE_NEVER_CALLED(ssyrk_)
ZOETROPE_NEVER_CALLED(dsyev_)
ZOETROPE_NEVER_CALLED(sgesvd_)
ZOETROPE_NEVER_CALLED(dgesvd_)
#undef ZOETROPE_NEVER_CALLED
}

namespace zoetrope::analysis {
namespace {

using Id = faiss::Index::idx_t;
static_assert(std::is_same_v<Id, std::int64_t>);

constexpr std::int64_t kQueriesOfCall = 256;

constexpr int kLinks = 32;            // HNSW's M
constexpr int kConstruction = 100;    // its efConstruction
constexpr int kLeastSearch = 64;      // its efSearch
constexpr double kListsOfRoot = 4;    // lists of IVF: so many times the square root of the number of rows
constexpr std::size_t kProbes = 32;   // lists that are searched
constexpr int kRowsToTrainList = 64;  // at most; more move the centres little
constexpr int kRounds = 10;           // of k-means

// While it lives, FAISS works on this thread alone.
class OneOpenMpThread {
 public:
  OneOpenMpThread() : before_(omp_get_max_threads()) { omp_set_num_threads(1); }
  ~OneOpenMpThread() { omp_set_num_threads(before_); }
  OneOpenMpThread(const OneOpenMpThread&) = delete;
  OneOpenMpThread& operator=(const OneOpenMpThread&) = delete;

 private:
  int before_;
};

// What FAISS asks now and then while it makes an index.
class AskWhetherToStop : public faiss::InterruptCallback {
 public:
  bool want_interrupt() override {
    support::mark_progress();
    return support::must_stop();
  }
};

class FloatDistances : public faiss::FlatCodesDistanceComputer {
 public:
  explicit FloatDistances(const faiss::IndexFlat& rows)
      : FlatCodesDistanceComputer(rows.codes.data(), rows.code_size), rows_(rows) {}
  void set_query(const float* query) override { query_ = query; }
  float distance_to_code(const std::uint8_t* code) override {
    return float_distance(query_, reinterpret_cast<const float*>(code), rows_.d);
  }
  float symmetric_dis(Id i, Id j) override {
    return float_distance(rows_.get_xb() + i * rows_.d, rows_.get_xb() + j * rows_.d, rows_.d);
  }

 private:
  const faiss::IndexFlat& rows_;
  const float* query_ = nullptr;
};

// Rows of a graph, or the centres of lists.
class Rows : public faiss::IndexFlatL2 {
 public:
  using IndexFlatL2::IndexFlatL2;
  faiss::FlatCodesDistanceComputer* get_FlatCodesDistanceComputer() const override {
    return new FloatDistances(*this);  // FAISS deletes it
  }
  // In pieces that do not depend on the number of threads: how a product is rounded depends on its size.
  void search(Id count, const float* x, Id k, float* distances, Id* labels,
              const faiss::SearchParameters* parameters) const override {
    compute::for_each_range(count, kQueriesOfCall, [&](Id begin, Id end) {
      const OneOpenMpThread alone;
      IndexFlatL2::search(end - begin, x + begin * d, k, distances + begin * k, labels + begin * k,
                          parameters);
    });
  }
};

class ListScanner : public faiss::InvertedListScanner {
 public:
  ListScanner(std::int64_t width, std::size_t bytes, bool pairs, const faiss::IDSelector* chosen)
      : InvertedListScanner(pairs, chosen), width_(width) {
    code_size = bytes;
  }
  void set_query(const float* query) override { query_ = query; }
  void set_list(Id list, float) override { list_no = list; }
  float distance_to_code(const std::uint8_t* code) const override {
    return float_distance(query_, reinterpret_cast<const float*>(code), width_);
  }

 private:
  std::int64_t width_;
  const float* query_ = nullptr;
};

class Lists : public faiss::IndexIVFFlat {
 public:
  using IndexIVFFlat::IndexIVFFlat;
  faiss::InvertedListScanner* get_InvertedListScanner(bool pairs,
                                                      const faiss::IDSelector* chosen) const override {
    return new ListScanner(d, code_size, pairs, chosen);  // FAISS deletes it
  }
};

void search_all(const faiss::Index& index, const at::Tensor& rows, std::int64_t count,
                const TakeCandidates& take) {
  const auto* const data = rows.const_data_ptr<float>();
  compute::for_each_range(rows.size(0), kQueriesOfCall, [&](std::int64_t begin, std::int64_t end) {
    const OneOpenMpThread alone;
    std::vector<float> distances((end - begin) * count);
    std::vector<Id> found((end - begin) * count);
    index.search(end - begin, data + begin * rows.size(1), count, distances.data(), found.data());
    for (std::int64_t i = begin; i < end; ++i) take(i, std::span(found).subspan((i - begin) * count, count));
  });
}

// On one thread, since rows that are put into a graph by several find other neighbours each time.
void search_graph(const at::Tensor& rows, std::int64_t count, const TakeCandidates& take) {
  Rows storage(rows.size(1));
  faiss::IndexHNSW index(&storage, kLinks);
  index.hnsw.efConstruction = kConstruction;
  index.hnsw.efSearch = static_cast<int>(std::max<std::int64_t>(kLeastSearch, 2 * count));
  {
    const OneOpenMpThread alone;
    index.add(rows.size(0), rows.const_data_ptr<float>());
  }
  search_all(index, rows, count, take);
}

void search_lists(const at::Tensor& rows, std::int64_t count, const TakeCandidates& take) {
  Rows centres(rows.size(1));
  const double root = std::sqrt(static_cast<double>(rows.size(0)));
  Lists index(&centres, rows.size(1), static_cast<std::size_t>(kListsOfRoot * root));
  index.nprobe = kProbes;
  index.cp.niter = kRounds;
  index.cp.min_points_per_centroid = 1;  // fewer than it wishes for are no reason for a warning
  index.cp.max_points_per_centroid = kRowsToTrainList;
  index.train(rows.size(0), rows.const_data_ptr<float>());
  index.add(rows.size(0), rows.const_data_ptr<float>());
  search_all(index, rows, count, take);
}

}  // namespace

std::string faiss_version() {
  return std::to_string(FAISS_VERSION_MAJOR) + "." + std::to_string(FAISS_VERSION_MINOR) + "." +
         std::to_string(FAISS_VERSION_PATCH);
}

std::string parameters_of(SearchMethod method) {
  if (method == SearchMethod::kExact) return "";
  const std::string made = "FAISS " + faiss_version() + ", ";
  if (method == SearchMethod::kHnsw)
    return made + "M " + std::to_string(kLinks) + ", efConstruction " + std::to_string(kConstruction) +
           ", efSearch " + std::to_string(kLeastSearch);
  return made + std::to_string(static_cast<int>(kListsOfRoot)) + " sqrt(N) lists, nprobe " +
         std::to_string(kProbes);
}

void find_candidates(SearchMethod method, const at::Tensor& rows, std::int64_t count,
                     const TakeCandidates& take) {
  faiss::InterruptCallback::instance = std::make_unique<AskWhetherToStop>();
  try {
    method == SearchMethod::kHnsw ? search_graph(rows, count, take) : search_lists(rows, count, take);
  } catch (const faiss::FaissException& error) {
    support::stop_point();
    throw RunError(std::string("the search for neighbours by FAISS: ") + error.what());
  }
}

}  // namespace zoetrope::analysis
