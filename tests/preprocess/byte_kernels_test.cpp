// SPDX-License-Identifier: Apache-2.0
// What is computed for each kind of processor, as far as this one can run it, against plain loops.
#include "byte_kernels.hpp"

#include <algorithm>
#include <random>
#include <vector>

#include <gtest/gtest.h>
#include <hwy/targets.h>

#include "normalizer.hpp"

namespace zoetrope::preprocess {
namespace {

using Bytes = std::vector<std::uint8_t>;

constexpr std::uint8_t kUntouched = 0xa5;

template <typename Work>
void for_each_kind_of_processor(const Work& work) {
  const auto pretend = [](std::int64_t targets) {
    hwy::SetSupportedTargetsForTest(targets);
    hwy::GetChosenTarget().Update(hwy::SupportedTargets());
  };
  for (const std::int64_t target : hwy::SupportedAndGeneratedTargets()) {
    SCOPED_TRACE(hwy::TargetName(target));
    pretend(target);
    work();
  }
  pretend(0);
}

Bytes random_bytes(std::size_t size) {
  std::mt19937 random(static_cast<unsigned>(size));
  Bytes bytes(size);
  for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(random());
  return bytes;
}

Bytes weigh_plainly(const Bytes& rows, std::size_t row_bytes, const AxisWeights& axis) {
  Bytes out;
  for (std::size_t o = 0; o < axis.first.size(); ++o) {
    for (std::size_t j = 0; j < row_bytes; ++j) {
      std::int64_t sum = 1 << (kPrecisionBits - 1);
      for (int t = 0; t < axis.count[o]; ++t)
        sum += std::int64_t{rows[static_cast<std::size_t>(axis.first[o] + t) * row_bytes + j]} *
               axis.weights[o * static_cast<std::size_t>(axis.taps) + static_cast<std::size_t>(t)];
      out.push_back(static_cast<std::uint8_t>(std::clamp<std::int64_t>(sum >> kPrecisionBits, 0, 255)));
    }
  }
  return out;
}

TEST(WeighRows, GivesTheWeighedSumsOfEveryWidthAndResize) {
  const Axis axes[] = {{1, 1, 0, 1},     {1, 5, 0, 5},       {4, 30, 0, 30}, {32, 224, 0, 224},
                       {32, 31, 0, 31},  {50, 7, 0, 7},      {3, 97, 13, 5}, {200, 3, 1, 2},
                       {64, 128, 7, 29}, {224, 224, 0, 224}, {5, 5, 2, 1}};
  for (const Axis& axis : axes) {
    for (const Resample filter : {Resample::kBilinear, Resample::kBicubic}) {
      const AxisWeights weights = axis_weights(axis, filter);
      for (const std::size_t row_bytes : {1, 7, 16, 31, 32, 33, 63, 64, 96, 101}) {
        const Bytes rows = random_bytes(static_cast<std::size_t>(axis.in) * row_bytes);
        const Bytes expected = weigh_plainly(rows, row_bytes, weights);
        for_each_kind_of_processor([&] {
          Bytes out(expected.size() + 1, kUntouched);

          weigh_rows(rows.data(), row_bytes, weights, out.data());

          EXPECT_EQ(out.back(), kUntouched);
          out.pop_back();
          EXPECT_EQ(out, expected) << axis.in << " to " << axis.out << ", rows of " << row_bytes;
        });
      }
    }
  }
}

TEST(Transpose, TurnsAnySizeAndStride) {
  for (const std::size_t rows : {0, 1, 15, 16, 17, 33, 64}) {
    for (const std::size_t columns : {0, 1, 7, 16, 31, 48}) {
      const std::size_t in_stride = columns + 3, out_stride = rows + 2;
      const Bytes in = random_bytes(rows * in_stride);
      Bytes expected(columns * out_stride, kUntouched);
      for (std::size_t r = 0; r < rows; ++r) {
        for (std::size_t c = 0; c < columns; ++c) expected[c * out_stride + r] = in[r * in_stride + c];
      }
      for_each_kind_of_processor([&] {
        Bytes out(columns * out_stride, kUntouched);

        transpose(in.data(), rows, columns, in_stride, out.data(), out_stride);

        EXPECT_EQ(out, expected) << rows << " x " << columns;
      });
    }
  }
}

TEST(SplitChannels, PutsEachChannelInItsPlane) {
  for (const std::size_t channels : {1, 3}) {
    for (const std::size_t plane : {0, 1, 31, 32, 33, 1009}) {
      const Bytes pixels = random_bytes(channels * plane);
      for_each_kind_of_processor([&] {
        Bytes planes(channels * plane + 1, kUntouched);

        split_channels(pixels.data(), plane, channels, planes.data());

        for (std::size_t c = 0; c < channels; ++c) {
          for (std::size_t i = 0; i < plane; ++i)
            ASSERT_EQ(planes[c * plane + i], pixels[i * channels + c]) << plane;
        }
        EXPECT_EQ(planes.back(), kUntouched);
      });
    }
  }
}

void expect_values(double factor, float mean, float deviation) {
  const Bytes bytes = random_bytes(1009);
  for_each_kind_of_processor([&] {
    const Normalizer normalizer(factor, mean, deviation);
    for (const std::size_t count : {0, 1, 7, 8, 31, 64, 1009}) {
      std::vector<float> values(count + 1, -7.0f);

      normalizer.apply(bytes.data(), static_cast<std::int64_t>(count), values.data());

      for (std::size_t i = 0; i < count; ++i) {
        const auto rescaled = static_cast<float>(static_cast<double>(bytes[i]) * factor);
        ASSERT_EQ(values[i], (rescaled - mean) / deviation)
            << "byte " << int{bytes[i]} << " with " << factor << ", " << mean << ", " << deviation;
      }
      EXPECT_EQ(values[count], -7.0f);
    }
  });
}

TEST(Normalizer, GivesTheImageProcessorsArithmeticToTheBit) {
  expect_values(1.0 / 255.0, 0.5f, 0.5f);
  expect_values(1.0 / 255.0, 0.485f, 0.229f);
  expect_values(1.0 / 127.5, 1.0f, 1.0f);
  expect_values(1.0, 0.0f, 1.0f);
  std::mt19937 random(1);
  std::uniform_real_distribution<double> unit(0.0, 1.0);
  for (int i = 0; i < 300; ++i)
    expect_values(unit(random), static_cast<float>(unit(random)), static_cast<float>(unit(random) + 0.01));
}

TEST(Normalizer, KeepsToTheTableWhereTheFormulaDoesNotGiveIt) {
  expect_values(1e-39, 0.0f, 1e-39f);
}

}  // namespace
}  // namespace zoetrope::preprocess
