// SPDX-License-Identifier: Apache-2.0
// What tests of files share.
#pragma once

#include <filesystem>
#include <string>

#include <gtest/gtest.h>

#include "support/scratch.hpp"

namespace zoetrope::store {

class ScratchTest : public ::testing::Test {
 protected:
  const std::filesystem::path folder_ = scratch::folder();
};

// The message of the Exception that `action` throws.
template <typename Exception, typename Action>
std::string message_of(Action action) {
  try {
    action();
  } catch (const Exception& error) {
    return error.what();
  }
  ADD_FAILURE() << "nothing of this kind was thrown";
  return "";
}

}  // namespace zoetrope::store
