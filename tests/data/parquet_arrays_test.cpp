// SPDX-License-Identifier: Apache-2.0
// Embeddings in columns of a Parquet file, whose footer says how many rows there are.
#include <algorithm>
#include <array>
#include <initializer_list>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "zoetrope/data/step_arrays.hpp"
#include "zoetrope/support/error.hpp"
#include "zoetrope/support/files.hpp"

#include "scratch.hpp"
#include "support/golden.hpp"

namespace zoetrope::data {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

class ParquetArraysFile : public ScratchTest {
 protected:
  // In the order of the footer: the file's rows, the column's values, the row group's rows.
  enum Claim : std::size_t { kOfFile, kOfColumn, kOfGroup };

  // The golden file, whose footer claims 2^31 - 1 in these places.
  std::filesystem::path forged(std::initializer_list<Claim> claims) const {
    // 37, 74 and 2^31 - 1 as Thrift has them, behind its mark of a 64-bit number.
    const std::string rows("\x16\x4a"), values("\x16\x94\x01"), many("\x16\xfe\xff\xff\xff\x0f");
    std::string file = support::read_file(golden_files::path("data/parquet-arrays/rows.parquet"));
    constexpr std::size_t kEnd = 8;  // the footer's length and PAR1
    const std::size_t footer = file.rfind(std::string("\x15\x04\x19", 3));
    std::array<std::size_t, 3> at{file.find(rows, footer), file.find(values, footer), 0};
    at[kOfGroup] = file.find(rows, at[kOfColumn]);
    for (std::size_t i = at.size(); i-- > 0;)
      if (std::ranges::find(claims, static_cast<Claim>(i)) != claims.end())
        file.replace(at[i], i == kOfColumn ? values.size() : rows.size(), many);
    file[file.size() - kEnd] = static_cast<char>(file.size() - kEnd - footer);
    write_text("emb.parquet", file);
    return folder_ / "emb.parquet";
  }

  void expect_refused(std::initializer_list<Claim> claims, const std::string& what) const {
    EXPECT_THAT([&] { open_step_arrays(forged(claims), "embeddings"); },
                ThrowsMessage<InputError>(AllOf(HasSubstr("emb.parquet: is not"), HasSubstr(what))));
  }
};

TEST_F(ParquetArraysFile, HasTheRowsOfItsRowGroups) {
  const auto arrays = open_step_arrays(forged({}), "embeddings");

  EXPECT_EQ(arrays->steps().at(20).rows, 37);
  const auto values = arrays->read(20);
  ASSERT_EQ(values.size(), 74);
  EXPECT_EQ(values[72], 36);
  EXPECT_EQ(values[73], 36.5);
}

TEST_F(ParquetArraysFile, IsNotBelievedToHaveMoreRows) {
  expect_refused({kOfFile}, "claims 2147483647 rows, and its row groups 37");
  expect_refused({kOfFile, kOfGroup}, "row group 0 claims 2147483647 rows, and 74 values");
  expect_refused({kOfFile, kOfColumn, kOfGroup}, "more values than the file's");
}

}  // namespace
}  // namespace zoetrope::data
