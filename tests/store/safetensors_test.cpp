// SPDX-License-Identifier: Apache-2.0
// Reading and writing, and what a hostile file may not do.
#include "zoetrope/store/safetensors.hpp"

#include <cstring>

#include <ATen/ATen.h>
#include <gmock/gmock.h>

#include "zoetrope/support/error.hpp"
#include "zoetrope/support/files.hpp"

#include "tensors.hpp"

namespace zoetrope::store {
namespace {

using ::testing::HasSubstr;
using testing::scratch_folder;

std::string file_of(const std::string& header, std::size_t data_bytes) {
  const std::uint64_t length = header.size();
  std::string file(8, '\0');
  std::memcpy(file.data(), &length, 8);
  return file + header + std::string(data_bytes, '\1');
}

TEST(Safetensors, RoundTripKeepsEveryTypeAndShape) {
  const auto path = scratch_folder() / "all.safetensors";
  const NamedTensors tensors = {{"f32", at::arange(6, at::kFloat).view({2, 3})},
                                {"f64", at::arange(3, at::kDouble)},
                                {"f16", at::ones({2, 2}, at::kHalf)},
                                {"bf16", at::full({3}, 2.5, at::kBFloat16)},
                                {"f8", at::full({3}, 2.5, at::kFloat).to(at::kFloat8_e4m3fn)},
                                {"i64", at::arange(4, at::kLong)},
                                {"u8", at::arange(5, at::kByte)},
                                {"scalar", at::full({}, 7.0, at::kFloat)},
                                {"empty", at::zeros({0, 4}, at::kFloat)},
                                {"strided", at::arange(6, at::kFloat).view({2, 3}).t()}};

  write_safetensors(path, tensors, {{"format", "pt"}, {"quote", "a\"b"}});
  const SafetensorsFile file(path);

  ASSERT_EQ(file.names().size(), tensors.size());
  for (const auto& [name, tensor] : tensors) {
    EXPECT_EQ(file.dtype(name), tensor.scalar_type()) << name;
    EXPECT_TRUE(at::equal(file.view(name).clone(), tensor)) << name;
  }
  EXPECT_EQ(file.metadata().at("quote"), "a\"b");
}

TEST(Safetensors, ReadConvertsIntoWhatIsGivenAndTellsTheDigestOfAll) {
  const auto path = scratch_folder() / "large";
  const at::Tensor large = at::arange(700'001, at::kDouble);  // several pieces, of which the last is not full
  write_safetensors(path,
                    {{"z", large},
                     {"half", large.narrow(0, 0, 700).to(at::kHalf)},
                     {"scalar", at::full({}, 7.0)},
                     {"unread", large},
                     {"empty", at::zeros({0, 4}, at::kFloat)}},
                    {});
  const SafetensorsFile file(path);
  const at::Tensor same = at::zeros_like(large), other = at::zeros_like(large, at::kFloat),
                   half = at::zeros({700}, at::kFloat), scalar = at::zeros({}, at::kFloat);

  EXPECT_EQ(file.read({{"z", same}, {"half", half}, {"scalar", scalar}, {"empty", at::zeros({0, 4})}}),
            file.digest());
  EXPECT_EQ(file.read({{"z", other}}), file.digest());

  EXPECT_TRUE(at::equal(same, large));
  EXPECT_TRUE(at::equal(other, large.to(at::kFloat)));
  EXPECT_TRUE(at::equal(half, large.narrow(0, 0, 700).to(at::kFloat)));
  EXPECT_EQ(scalar.item<float>(), 7);
}

TEST(Safetensors, ReadRefusesWhatIsMissingOrOfAnotherShape) {
  const auto path = scratch_folder() / "small";
  write_safetensors(path, {{"a", at::zeros({2, 3})}}, {});
  const SafetensorsFile file(path);

  EXPECT_THAT(
      [&] {
        file.read({{"b", at::zeros({2, 3})}});
      },
      ::testing::ThrowsMessage<InputError>(HasSubstr("\"b\" is missing")));
  EXPECT_THAT(
      [&] {
        file.read({{"a", at::zeros({3, 2})}});
      },
      ::testing::ThrowsMessage<InputError>(HasSubstr("\"a\" has shape [2, 3], where [3, 2]")));
}

// Each byte of what was written, but for the name under which the digest itself lies.
TEST(Safetensors, AFlippedBitIsNoticed) {
  const auto folder = scratch_folder();
  write_safetensors(folder / "whole", {{"a", at::arange(6, at::kFloat)}, {"b", at::arange(3, at::kLong)}},
                    {{"format", "pt"}, {"step", "20"}});
  const std::string whole = support::read_file(folder / "whole");
  SafetensorsFile(folder / "whole").verify();
  const std::string key = "zoetrope_digest";
  const std::size_t key_begin = whole.find(key);
  ASSERT_NE(key_begin, std::string::npos);

  for (std::size_t i = 0; i < whole.size(); ++i) {
    if (i >= key_begin && i < key_begin + key.size()) continue;
    std::string damaged = whole;
    damaged[i] ^= 4;
    support::write_file(folder / "damaged", damaged);
    EXPECT_THAT([&] { SafetensorsFile(folder / "damaged").verify(); },
                ::testing::ThrowsMessage<InputError>(HasSubstr("damaged")))
        << "byte " << i;
  }
}

// As transformers writes them.
TEST(Safetensors, AFileWithoutADigestPasses) {
  const auto path = scratch_folder() / "plain";
  support::write_file(
      path,
      file_of(R"({"__metadata__":{"format":"pt"},"a":{"dtype":"U8","shape":[3],"data_offsets":[0,3]}})", 3));
  const SafetensorsFile file(path);
  EXPECT_NO_THROW(file.verify());
  EXPECT_EQ(file.digest(), std::nullopt);

  const std::string before = file.read({});
  support::write_file(path, file_of(R"({"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]}})", 4));
  EXPECT_NE(SafetensorsFile(path).read({}), before);
}

struct Hostile {
  const char* what;
  std::string content;
  const char* message;
};

class SafetensorsHostile : public ::testing::TestWithParam<Hostile> {};

TEST_P(SafetensorsHostile, IsAnErrorThatNamesTheFile) {
  const auto path = scratch_folder() / "hostile.safetensors";
  support::write_file(path, GetParam().content);

  try {
    const SafetensorsFile file(path);
    FAIL() << "accepted";
  } catch (const InputError& error) {
    EXPECT_THAT(error.what(), HasSubstr("hostile.safetensors"));
    EXPECT_THAT(error.what(), HasSubstr(GetParam().message));
  }
}

INSTANTIATE_TEST_SUITE_P(
    Files, SafetensorsHostile,
    ::testing::Values(
        Hostile{"short", "abc", "fewer than the 8"},
        Hostile{"header past the end", std::string("\xff\xff\xff\x7f\0\0\0\0{}", 10), "does not fit"},
        Hostile{"header of 2^64 - 1", std::string(8, '\xff') + "{}", "does not fit"},
        Hostile{"no JSON", file_of("hello", 0), "not valid JSON"},
        Hostile{"a list", file_of("[]", 0), "not a JSON object"},
        Hostile{"deep", file_of(std::string(5000, '[') + std::string(5000, ']'), 0), "nested deeper"},
        Hostile{"huge", file_of("{\"a\": 1e999}", 0), "too large"},
        Hostile{
            "duplicate",
            file_of(
                R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})",
                4),
            "appears twice"},
        Hostile{"negative offset", file_of(R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[-4,0]}})", 4),
                "-4"},
        Hostile{"backwards", file_of(R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}})", 4),
                "outside"},
        Hostile{"past the end", file_of(R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})", 4),
                "outside"},
        Hostile{"shape overflows",
                file_of(R"({"a":{"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,0]}})", 0),
                "does not match"},
        Hostile{"shape of 2^63",
                file_of(R"({"a":{"dtype":"U8","shape":[9223372036854775808],"data_offsets":[0,0]}})", 0),
                "does not match"},
        Hostile{"fractional shape", file_of(R"({"a":{"dtype":"F32","shape":[1.5],"data_offsets":[0,4]}})", 4),
                "1.5"},
        Hostile{"unknown type", file_of(R"({"a":{"dtype":"C64","shape":[1],"data_offsets":[0,8]}})", 8),
                "C64"},
        Hostile{
            "overlap",
            file_of(
                R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[1],"data_offsets":[2,6]}})",
                6),
            "overlap"},
        Hostile{"gap", file_of(R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}})", 8), "gap"},
        Hostile{"trailing data", file_of(R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})", 12),
                "belongs to no tensor"}),
    [](const auto& hostile) {
      std::string name = hostile.param.what;
      for (char& c : name)
        if (std::isalnum(static_cast<unsigned char>(c)) == 0) c = '_';
      return name;
    });

}  // namespace
}  // namespace zoetrope::store
