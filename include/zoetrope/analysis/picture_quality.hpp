// SPDX-License-Identifier: Apache-2.0
// How far the picture of an embedding can be trusted, image by image: whether those that are near in it are
// near in the embedding (trust), and whether those that are near in the embedding are near in it
// (continuity). Venna and Kaski, "Neighborhood preservation in nonlinear projection methods: an experimental
// study" (2001).
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "zoetrope/analysis/neighbours.hpp"
#include "zoetrope/analysis/projection.hpp"

namespace zoetrope::analysis {

// The images that are looked at: all of up to 20,000, else 5,000 of them, the same ones each time, ascending.
// All images count as neighbours of theirs in either case.
std::vector<std::int64_t> images_to_judge(std::int64_t num_images);

// k neighbours in the picture of each of the images that are looked at, and what is to be asked of the
// embedding about them.
struct PictureNeighbours {
  std::int64_t k = 0;  // as asked for, but below half of the images; 0: too few images for any
  RankQuery query;     // its `others`: the neighbours, nearest first, ties by index
};
PictureNeighbours neighbours_in_picture(const Points& points, std::int64_t k, Team* team = nullptr);

// N images. NaN where there are too few, and of images that are not looked at.
struct PictureQuality {
  std::vector<double> trust;       // [N]: 1 where all k neighbours in the picture are among the k in the
                                   // embedding, less the further away there the others are
  std::vector<double> continuity;  // [N]: the same with the roles of picture and embedding swapped
  double mean_trust = 0;           // sklearn.manifold.trustworthiness
  double mean_continuity = 0;
  double neighbours_shown = 0;  // of k neighbours in the embedding, the part that are such in the picture
  double same_label = 0;  // of k neighbours in the picture, the part that have the image's label: Paulovich
                          // et al., "Least Square Projection" (2008), neighbourhood hit
};

// `in_picture` with its query answered; `in_embedding`: of all images, with at least as many neighbours each;
// `labels`: [N].
PictureQuality picture_quality(const Points& points, const PictureNeighbours& in_picture,
                               const Neighbours& in_embedding, std::span<const std::int64_t> labels,
                               Team* team = nullptr);

}  // namespace zoetrope::analysis
