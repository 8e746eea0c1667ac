// SPDX-License-Identifier: Apache-2.0
#include "zoetrope/support/error.hpp"

#include "index_candidates.hpp"

namespace zoetrope::analysis {

std::string faiss_version() {
  return "";
}

std::string parameters_of(SearchMethod) {
  return "";
}

void find_candidates(SearchMethod, const at::Tensor&, std::int64_t, const TakeCandidates&) {
  throw RunError("no FAISS: this zoetrope was built without it; search for neighbours exactly");
}

}  // namespace zoetrope::analysis
