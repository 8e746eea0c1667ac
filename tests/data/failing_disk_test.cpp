// SPDX-License-Identifier: Apache-2.0
// Images that the system does not give now are not missing, nor of another kind.
#include <cerrno>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "zoetrope/support/error.hpp"

#include "image_folder.hpp"
#include "support/failing_calls.hpp"

namespace zoetrope::data {
namespace {

using support::Call;
using support::FailingCalls;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

TEST_F(Folder, AnImageThatCannotBeLookedAtIsTheSystemsFault) {
  for (const int error : {EACCES, EIO}) {
    const FailingCalls failing(Call::kLook, folder_ / "train/dog/b.jpg", error);
    EXPECT_THAT([&] { open(Split::kTrain); },
                ThrowsMessage<RunError>(HasSubstr("train/dog/b.jpg: cannot be looked at: ")));
  }
}

TEST_F(Folder, AnImageThatCannotBeLookedAtOnceIsLookedAtAgain) {
  const std::string digest = open(Split::kTrain)->digest();
  const FailingCalls failing(Call::kLook, folder_ / "train/dog/b.jpg", ESTALE, 1, 1);
  EXPECT_EQ(open(Split::kTrain)->digest(), digest);
  EXPECT_GT(failing.asked(), 1);
}

TEST_F(Folder, AnImageThatCannotBeOpenedIsOfNoOtherKind) {
  write("train/dog/c.dds", files_.at("rgb.png"));  // what it is its bytes say
  EXPECT_EQ(open(Split::kTrain)->size(), 5);
  const FailingCalls failing(Call::kOpen, folder_ / "train/dog/c.dds", EMFILE);
  for (const bool skip : {false, true}) {
    DatasetOptions options;
    options.skip_bad_images = skip;
    EXPECT_THAT([&] { open(Split::kTrain, options); },
                ThrowsMessage<RunError>(HasSubstr("train/dog/c.dds: cannot be opened: Too many open files")));
  }
}

TEST_F(Folder, AFolderThatCannotBeListedOnceIsListedAgain) {
  const FailingCalls failing(Call::kList, folder_, EIO, 1, 1);
  EXPECT_EQ(open(Split::kTrain)->size(), 4);
}

}  // namespace
}  // namespace zoetrope::data
