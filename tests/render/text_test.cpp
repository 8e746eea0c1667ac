// SPDX-License-Identifier: Apache-2.0
#include "text.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

#include <dlfcn.h>
#include <gtest/gtest.h>

namespace {

std::atomic<int> num_makers, num_made, most_makers;

}  // namespace

// Stands before Cairo's function, which two threads must not be in at a time (text.cpp), and takes longer.
extern "C" void* cairo_ft_font_face_create_for_pattern(void* pattern) {
  static const auto make = reinterpret_cast<void* (*)(void*)>(dlsym(RTLD_NEXT, __func__));
  most_makers = std::max(most_makers.load(), ++num_makers);
  std::this_thread::sleep_for(std::chrono::milliseconds(1));
  void* const face = make(pattern);
  --num_makers;
  ++num_made;
  return face;
}

namespace zoetrope::render {
namespace {

TEST(Typesetter, MakesFontsInOneThreadAtATime) {
  constexpr int kNumThreads = 4, kNumSizes = 20;
  const auto width = [](int size) { return Typesetter(kFonts).width("Ankle boot", {.size = 10.0 + size}); };
  std::vector<double> expected;
  for (int size = 0; size < kNumSizes; ++size) expected.push_back(width(size));
  num_made = most_makers = 0;

  std::vector<std::vector<double>> measured(kNumThreads);
  std::vector<std::thread> threads;
  for (std::vector<double>& widths : measured)
    threads.emplace_back([&] {
      for (int size = 0; size < kNumSizes; ++size) widths.push_back(width(size));
    });
  for (std::thread& thread : threads) thread.join();

  EXPECT_GE(num_made, kNumThreads * kNumSizes);
  EXPECT_EQ(most_makers, 1);
  for (const std::vector<double>& widths : measured) EXPECT_EQ(widths, expected);
}

constexpr int kLineWidth = 300, kLineHigh = 40;

// The text in one line, dark on white.
Picture written(const std::string& text) {
  Picture picture{kLineWidth, kLineHigh, std::vector<std::uint32_t>(kLineWidth * kLineHigh, 0xffffff)};
  Canvas canvas(picture);
  Typesetter(kFonts).draw(canvas, {0, 0, kLineWidth, kLineHigh}, text, {.size = 20});
  canvas.flush();
  return picture;
}

bool are_alike_up_to(double column, const Picture& a, const Picture& b) {
  for (std::size_t i = 0; i < a.pixels.size(); ++i)
    if (static_cast<double>(i % kLineWidth) < column && a.pixels[i] != b.pixels[i]) return false;
  return true;
}

TEST(Typesetter, ANameThatIsReadFromTheRightStandsInItsPlace) {
  const std::string shirt = "\u0642\u0645\u064a\u0635";
  const double width = Typesetter(kFonts).width(shirt, {.size = 20});
  EXPECT_FALSE(are_alike_up_to(width - 1, written(shirt + " \u2192 Dress"), written(shirt)));
  EXPECT_TRUE(are_alike_up_to(width - 1, written(isolated(shirt) + " \u2192 Dress"), written(shirt)));
}

TEST(Typesetter, ANameWithControlsOfDirectionDoesNotTurnWhatFollows) {
  EXPECT_EQ(isolated("Dr\u202eess\u2066") + " \u2192 Bag", "Dress \u2192 Bag");
  EXPECT_EQ(isolated("Bag"), "Bag");
}

}  // namespace
}  // namespace zoetrope::render
