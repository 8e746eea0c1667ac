// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <Eigen/Core>

namespace zoetrope::analysis {

// The sign that makes the coefficient of largest magnitude positive: sklearn.utils.extmath.svd_flip,
// u_based_decision=False.
inline double svd_flip(const Eigen::VectorXd& component) {
  Eigen::Index largest = 0;
  component.cwiseAbs().maxCoeff(&largest);
  return component[largest] < 0 ? -1 : 1;
}

}  // namespace zoetrope::analysis
