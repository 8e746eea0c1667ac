// SPDX-License-Identifier: Apache-2.0
// Companion curves: how far an embedding has come.
#pragma once

#include <cstdint>
#include <span>

#include <ATen/core/Tensor.h>
#include <Eigen/Core>

#include "zoetrope/analysis/neighbours.hpp"
#include "zoetrope/analysis/projection.hpp"

namespace zoetrope::analysis {

// The fraction of rows whose label is the most frequent among their k neighbours, the smallest label where
// several are: leave-one-out accuracy of sklearn.neighbors.KNeighborsClassifier(k). Needs no classifier, so
// it shows how well classes separate from the first checkpoint on (Wu et al., "Unsupervised Feature Learning
// via Non-Parametric Instance Discrimination", 2018, use it so). `labels`: [N].
double knn_accuracy(const Neighbours& neighbours, std::span<const std::int64_t> labels);

// The mean over rows of the fraction of k neighbours that two embeddings of the same images have in common: 1
// where the step changed no neighbourhood (Wendlandt et al., "Factors Influencing the Surprising Instability
// of Word Embeddings", 2018: "stability").
double neighbour_preservation(const Neighbours& before, const Neighbours& after);

// How alike two embeddings of the same images are, float32 [N, D1] and [N, D2], whatever rotation, scale and
// shift is between them. NaN where all rows of one are equal.
struct Similarity {
  // Linear centred kernel alignment, |X^T Y|_F^2 / (|X^T X|_F |Y^T Y|_F) of the centred rows: 1 where they
  // are alike (Kornblith et al., "Similarity of Neural Network Representations Revisited", 2019, eq. 4, 5).
  double linear_cka = 0;
  // scipy.spatial.procrustes's in all dimensions: 0 where they are alike. 1 less the square of the sum of the
  // singular values of X^T Y / (|X|_F |Y|_F) (Williams et al., "Generalized Shape Metrics on Neural
  // Representations", 2021).
  double shape_disparity = 0;
};

// In two parts, of which the second keeps to one thread and may be done on another. `scatter_before`,
// `scatter_after`: of the same rows. `device` makes the products, from matrices on the CPU. InputError where
// the embeddings are not of as many rows.
class SimilarityInParts {
 public:
  SimilarityInParts(const at::Tensor& before, const Scatter& scatter_before, const at::Tensor& after,
                    const Scatter& scatter_after, TensorDevice device = std::nullopt);
  double linear_cka() const { return linear_cka_; }
  double shape_disparity();

 private:
  Eigen::MatrixXd cross_;  // X^T Y
  double norms_;           // |X|_F |Y|_F
  double linear_cka_;
  TensorDevice device_;
};

// Linear CKA to 1e-6, of rows whose products are made in float32 on the CPU.
double quick_linear_cka(const at::Tensor& before, const Scatter& scatter_before, const at::Tensor& after,
                        const Scatter& scatter_after, TensorDevice device = std::nullopt);

// In how many directions the rows are spread: exp of the entropy of p = s / sum(s), s the singular values of
// the centred rows (Roy and Vetterli, "The Effective Rank", 2007). 1 where all rows lie on a line, D where
// they are spread alike in all directions; it falls where a representation collapses. NaN where all rows are
// equal.
double effective_rank(const Scatter& scatter);

// The mean distance between two class centres over the mean distance of a point to its class's centre: the
// distances of Davies and Bouldin, "A Cluster Separation Measure" (1979), each averaged over all classes, so
// that one pair of classes that overlap does not decide. Higher is better; NaN with fewer than two classes,
// infinity where every point is at its centre.
double class_separation(const Points& points, std::span<const std::int64_t> labels);

}  // namespace zoetrope::analysis
