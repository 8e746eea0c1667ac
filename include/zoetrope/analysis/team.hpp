// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace zoetrope::comm {
class Communicator;
}

namespace zoetrope::analysis {

// Ranks that analyse a checkpoint together, over a communicator that carries CPU tensors; null: this rank
// does it alone. All of them make the same calls with the same rows. What costs N² is dealt to them, the rest
// each does by itself, and each gets the whole result, with the bits of a rank that is alone. Such calls are
// collective, throw Interrupted on every rank after a signal on any, and must not be made by a caller that is
// support::Interruptible: it could end while the others wait for it.
using Team = comm::Communicator*;

}  // namespace zoetrope::analysis
