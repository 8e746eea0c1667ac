// SPDX-License-Identifier: Apache-2.0
// Every rank reads the images by itself; a job is of one set of them.
#pragma once

#include <string>

#include "zoetrope/comm/communicator.hpp"
#include "zoetrope/data/dataset.hpp"

namespace zoetrope::pipeline {

// Throws the same InputError on every rank where one has other images, labels or class names than rank 0: it
// names that rank, its host, and how many images each of the two has, with a digest. `source` begins the
// message ("--data folder:images"), `things` says what is counted ("training images"). Collective.
void require_same_images(comm::Communicator& control, const std::string& source, const std::string& things,
                         const data::Dataset& images);

}  // namespace zoetrope::pipeline
