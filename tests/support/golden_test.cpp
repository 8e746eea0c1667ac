// SPDX-License-Identifier: Apache-2.0
// A reader that took other bytes than the script has written would compare with nothing.
#include "support/golden.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace zoetrope::golden_files {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

class GoldenReader : public ::testing::Test {
 protected:
  // Three bytes, and from the third on two floats.
  GoldenReader() {
    const float floats[] = {1.5F, -2};
    support::write_file("some.json", R"({"list": [1, 2], "name": "n"})");
    support::write_file("some.bin",
                        "abc" + std::string(reinterpret_cast<const char*>(floats), sizeof floats));
  }
  static support::Json place(std::size_t offset, const std::vector<std::size_t>& shape, const char* dtype) {
    return {{"offset", offset}, {"shape", shape}, {"dtype", dtype}};
  }
};

TEST_F(GoldenReader, GivesTheArraysThatLieThere) {
  const Reader reader("some");

  EXPECT_EQ(reader.at("list").size(), 2U);
  EXPECT_THAT(reader.array<std::uint8_t>(place(1, {2, 1}, "uint8")), ElementsAre('b', 'c'));
  EXPECT_THAT(reader.array<float>(place(3, {2}, "float32")), ElementsAre(1.5F, -2));
  EXPECT_THAT(reader.array<float>(place(7, {}, "float32")), ElementsAre(-2));
  EXPECT_THAT(reader.array<double>(place(11, {0, 4}, "float64")), ElementsAre());
}

TEST_F(GoldenReader, RefusesAnotherTypeAndWhatLiesBeyondTheEnd) {
  const Reader reader("some");
  const auto refuses = ThrowsMessage<InputError>(HasSubstr("some.bin holds no float32 at"));

  EXPECT_THAT([&] { reader.array<float>(place(3, {1}, "float64")); }, refuses);
  EXPECT_THAT([&] { reader.array<float>(place(3, {3}, "float32")); }, refuses);
  EXPECT_THAT([&] { reader.array<float>(place(12, {0}, "float32")); }, refuses);
}

TEST(GoldenFiles, AreThoseOfTheRepository) {
  const Reader resize(path("data/resize"));

  const auto& first = resize.at("cases").at(0).at("input");
  EXPECT_EQ(resize.array<std::uint8_t>(first).size(), 28U * 28U);
}

}  // namespace
}  // namespace zoetrope::golden_files
