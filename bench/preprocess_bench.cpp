// SPDX-License-Identifier: Apache-2.0
// Images per second of CPU time from bytes in memory to the 224 x 224 floats a ViT takes, in batches of 32,
// on one thread: of CIFAR's size, of the model's own and of a photograph. bench/peers/preprocess.py does the
// same work with transformers; both print the sum of all magnitudes, to compare.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <ctime>
#include <string>
#include <utility>
#include <vector>

#include <ATen/Parallel.h>
#include <ATen/ops/abs.h>
#include <ATen/ops/sum.h>

#include "zoetrope/preprocess/preprocess.hpp"

namespace {

using namespace zoetrope::preprocess;

constexpr std::int64_t kImages = 32;

// Pixel i of image n is (37 i + 101 n + i i) mod 256: the peer makes the same.
class MadeUpImages final : public zoetrope::data::Dataset {
 public:
  MadeUpImages(int height, int width) {
    const auto size = static_cast<std::size_t>(height) * static_cast<std::size_t>(width) * 3;
    for (std::size_t n = 0; n < kImages; ++n) {
      Image image{height, width, 3, std::vector<std::uint8_t>(size)};
      for (std::size_t i = 0; i < size; ++i)
        image.pixels[i] = static_cast<std::uint8_t>(37 * i + 101 * n + i * i);
      images_.push_back(std::move(image));
    }
  }
  std::int64_t size() const override { return kImages; }
  Image image(std::int64_t index) const override { return images_[static_cast<std::size_t>(index)]; }
  std::int64_t label(std::int64_t) const override { return 0; }
  const std::vector<std::string>& class_names() const override { return names_; }
  const std::string& digest() const override { return names_[0]; }

 private:
  std::vector<Image> images_;
  std::vector<std::string> names_{"any"};
};

double cpu_seconds() {
  timespec time{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

template <typename Work>
double fastest(int repeats, const Work& work) {
  double best = 1e9;
  for (int i = 0; i < repeats; ++i) {
    const double start = cpu_seconds();
    work();
    best = std::min(best, cpu_seconds() - start);
  }
  return best;
}

void measure(int height, int width, int repeats) {
  const MadeUpImages images(height, width);
  const PreprocessorConfig config;
  // Also leaves the allocator with memory that it keeps, as in a process that has run for a while.
  const double magnitudes =
      normalize(load_pixels(images, config).pixels, config).abs().sum(at::kDouble).item<double>();

  PixelStore store;
  const double resize_s = fastest(repeats, [&] { store = load_pixels(images, config); });
  const double normalize_s = fastest(repeats, [&] { normalize(store.pixels, config); });
  const double both_s = fastest(repeats, [&] { normalize(load_pixels(images, config).pixels, config); });
  std::printf("%3d x %3d  %8.0f  %9.0f  %8.0f  %.3f\n", width, height, kImages / resize_s,
              kImages / normalize_s, kImages / both_s, magnitudes);
}

}  // namespace

int main(int argc, char** argv) {
  const int repeats = argc > 1 && std::string(argv[1]) == "--smoke" ? 1 : 200;
  at::set_num_threads(1);
  std::printf("images/s of CPU time\n  size       resize  normalize      both  sum of all magnitudes\n");
  measure(32, 32, repeats);
  measure(224, 224, repeats);
  measure(375, 500, repeats / 4 + 1);
}
