// SPDX-License-Identifier: Apache-2.0
// Images per second of CPU time from 32 x 32 bytes to the 224 x 224 floats a ViT takes, in batches of 32, on
// one thread. bench/peers/preprocess.py does the same work with transformers; both print the sum of all
// magnitudes, to compare.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <ctime>
#include <string>
#include <utility>
#include <vector>

#include <ATen/Parallel.h>
#include <ATen/ops/abs.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/sum.h>

#include "zoetrope/data/preprocess.hpp"

namespace {

using namespace zoetrope::data;

// Pixel i of image n is (37 i + 101 n + i i) mod 256: the peer makes the same.
class MadeUpImages final : public Dataset {
 public:
  std::int64_t size() const override { return 32; }
  Image image(std::int64_t index) const override {
    Image image{32, 32, 3, std::vector<std::uint8_t>(32 * 32 * 3)};
    for (std::size_t i = 0; i < image.pixels.size(); ++i)
      image.pixels[i] = static_cast<std::uint8_t>(37 * i + 101 * static_cast<std::size_t>(index) + i * i);
    return image;
  }
  std::int64_t label(std::int64_t) const override { return 0; }
  const std::vector<std::string>& class_names() const override { return names_; }
  const std::string& digest() const override { return names_[0]; }

 private:
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

}  // namespace

int main(int argc, char** argv) {
  const int repeats = argc > 1 && std::string(argv[1]) == "--smoke" ? 1 : 200;
  at::set_num_threads(1);
  const MadeUpImages images;
  const PreprocessorConfig config;
  const auto n = static_cast<double>(images.size());
  const at::Tensor all = at::arange(images.size(), at::kLong);

  PixelStore store;
  const double resize_s = fastest(repeats, [&] { store = load_pixels(images, config); });
  const double normalize_s = fastest(repeats, [&] { normalize(store.pixels, all, config); });
  const at::Tensor values = normalize(store.pixels, all, config);

  std::printf("resize     %8.0f images/s of CPU time\n", n / resize_s);
  std::printf("normalize  %8.0f\n", n / normalize_s);
  std::printf("both       %8.0f\n", n / (resize_s + normalize_s));
  std::printf("sum of all magnitudes %.3f\n", values.abs().sum(at::kDouble).item<double>());
}
