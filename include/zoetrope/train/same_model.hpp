// SPDX-License-Identifier: Apache-2.0
// Every rank reads the model that a training starts from by itself; a training is of one.
#pragma once

#include <string>

#include "zoetrope/comm/communicator.hpp"
#include "zoetrope/model/vit.hpp"

namespace zoetrope::train {

// As far as the last bits, in which processors differ where a classifier is drawn and positions are
// interpolated.
bool are_nearly_equal(const model::Vit& a, const model::Vit& b);

// Gives every rank rank 0's weights where some differ from them in their last bits. Where a rank has another
// model, the same InputError on all: it names that rank, its host, and a digest of either's weights. `source`
// begins the message ("--model google/vit"). The model's and `control`'s tensors are on CPUs. Collective.
void agree_on_model(model::Vit& model, const std::string& source, comm::Communicator& control);

}  // namespace zoetrope::train
