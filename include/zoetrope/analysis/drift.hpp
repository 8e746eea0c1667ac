// SPDX-License-Identifier: Apache-2.0
// Companion curves: how far an embedding has come, and how far the picture of it can be trusted.
#pragma once

#include <cstdint>
#include <span>

#include <ATen/core/Tensor.h>

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

// Linear centred kernel alignment of two embeddings of the same images, float32 [N, D1] and [N, D2]:
// |X^T Y|_F^2 / (|X^T X|_F |Y^T Y|_F) of the centred rows. 1 where they differ by a rotation, scale and shift
// only (Kornblith et al., "Similarity of Neural Network Representations Revisited", 2019, eq. 4 and 5). NaN
// where all rows of one are equal. `device` makes the products, from matrices on the CPU.
double linear_cka(const at::Tensor& before, const at::Tensor& after, TensorDevice device = std::nullopt);

// The mean distance between two class centres over the mean distance of a point to its class's centre: the
// distances of Davies and Bouldin, "A Cluster Separation Measure" (1979), each averaged over all classes, so
// that one pair of classes that overlap does not decide. Higher is better; NaN with fewer than two classes,
// infinity where every point is at its centre.
double class_separation(const Points& points, std::span<const std::int64_t> labels);

// Venna and Kaski, "Neighborhood preservation in nonlinear projection methods" (2001), as
// sklearn.manifold.trustworthiness: 1 where every one of a point's k neighbours in the picture is among its k
// nearest in the embedding, less the further away the others are. Ranks come from float32 products, in blocks
// of rows. Throws InputError unless k < N / 2.
double trustworthiness(const at::Tensor& rows, const Points& points, std::int64_t k, Metric metric);

}  // namespace zoetrope::analysis
