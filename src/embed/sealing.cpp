// SPDX-License-Identifier: Apache-2.0
#include "sealing.hpp"

#include "zoetrope/support/error.hpp"
#include "zoetrope/support/interruption.hpp"

namespace zoetrope::embed {

void seal_unless_asked(const std::filesystem::path& folder, const store::EmbeddingsIdentity& identity) {
  try {
    const support::Interruptible until_asked;
    store::seal(folder, identity);
  } catch (const Interrupted&) {
    // Nothing is lost but the joining.
  }
}

}  // namespace zoetrope::embed
