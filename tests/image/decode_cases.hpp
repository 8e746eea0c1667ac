// SPDX-License-Identifier: Apache-2.0
// Image files of every kind with the pixels that datasets and PIL give them, and what is expected of others.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "zoetrope/support/error.hpp"

#include "data/golden.hpp"
#include "decoders.hpp"

namespace zoetrope::image {

using File = std::vector<std::uint8_t>;

inline constexpr std::int64_t kFewKib = 16 << 10;  // far below the pixels announced

struct DecodeCase {
  std::string name;
  File file;
  Image expected;
};

inline std::vector<DecodeCase> decode_cases() {
  std::vector<DecodeCase> cases;
  for (const char* const name : {"decode", "drawn"}) {
    const data::Golden golden(name);
    for (const auto& golden_case : golden.cases())
      cases.push_back({golden_case.at("name"), golden.array<std::uint8_t>(golden_case.at("file")),
                       golden.image(golden_case.at("output"))});
  }
  return cases;
}

inline File golden_file(const std::string& name) {
  for (const DecodeCase& decode_case : decode_cases())
    if (decode_case.name == name) return decode_case.file;
  throw std::invalid_argument("no golden file " + name);
}

inline void expect_error(const File& file, const std::string& what) {
  using ::testing::AllOf;
  using ::testing::HasSubstr;
  EXPECT_THAT([&] { decode_image(file, "some/file"); },
              ::testing::ThrowsMessage<InputError>(AllOf(HasSubstr("some/file: "), HasSubstr(what))));
}

}  // namespace zoetrope::image
