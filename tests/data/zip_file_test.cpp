// SPDX-License-Identifier: Apache-2.0
#include "zip_file.hpp"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "zoetrope/support/error.hpp"

#include "scratch.hpp"
#include "support/peak_memory.hpp"

namespace zoetrope::data {
namespace {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

std::string little_endian(std::size_t value, int bytes) {
  std::string text;
  for (int i = 0; i < bytes; ++i) text += static_cast<char>(value >> (8 * i) & 255U);
  return text;
}

// A file that is stored as it is, of `data` and so many claimed bytes.
std::string zip_of(const std::string& name, const std::string& data, std::size_t claimed) {
  const std::string version = little_endian(20, 2), flags_method_time = std::string(8, '\0');
  const std::string sizes = little_endian(0, 4) + little_endian(claimed, 4) + little_endian(claimed, 4);
  const std::string file =
      version + flags_method_time + sizes + little_endian(name.size(), 2) + little_endian(0, 2);
  const std::string local = "PK\x03\x04" + file + name + data;
  const std::string directory = "PK\x01\x02" + version + file + std::string(14, '\0') + name;
  return local + directory + "PK\x05\x06" + std::string(4, '\0') + little_endian(1, 2) + little_endian(1, 2) +
         little_endian(directory.size(), 4) + little_endian(local.size(), 4) + little_endian(0, 2);
}

class ZipFileClaims : public ScratchTest {};

TEST_F(ZipFileClaims, TakeNoMemoryBeforeTheirBytesCome) {
  constexpr std::size_t kData = std::size_t{32} << 10, kClaimed = std::size_t{15} << 20;
  write_text("a.zip", zip_of("cat/a.png", std::string(kData, 'x'), kClaimed));
  const auto open = [&] { const ZipFile zip(folder_ / "a.zip"); };

  EXPECT_THAT(open, ThrowsMessage<InputError>(HasSubstr("a.zip: is damaged, cut")));
  EXPECT_LT(support::peak_kib_of(open), 10 << 10);
}

}  // namespace
}  // namespace zoetrope::data
