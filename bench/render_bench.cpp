// SPDX-License-Identifier: Apache-2.0
// What one frame costs: drawing, PNG writing and reading, and each animation encoder, at the article's
// 1600x1600 with 10,000 points. Prints CPU milliseconds a frame (all threads), the least of several rounds,
// and sizes.
//
//   render_bench [--smoke]      --smoke: a small picture, once, to see that it runs
#include <algorithm>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <functional>
#include <limits>

#include <sys/resource.h>

#include "zoetrope/render/animation.hpp"
#include "zoetrope/render/frame.hpp"

#include "render/synthetic.hpp"

namespace {

namespace fs = std::filesystem;
using namespace zoetrope::render;

double cpu_ms() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto ms = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) * 1e3 + static_cast<double>(t.tv_usec) / 1e3;
  };
  return ms(usage.ru_utime) + ms(usage.ru_stime);
}

// CPU milliseconds that `work` takes, the least of `rounds`.
double measure(int rounds, const std::function<void()>& work) {
  double least = std::numeric_limits<double>::infinity();
  for (int round = 0; round < rounds; ++round) {
    const double start = cpu_ms();
    work();
    least = std::min(least, cpu_ms() - start);
  }
  return least;
}

void bench_layout(const char* name, Layout layout, const synthetic::Options& options, int rounds) {
  synthetic::Run run = synthetic::make_run(options);
  run.scene.layout = layout;
  const FrameRenderer renderer(run.scene);
  const auto count = static_cast<double>(run.frames.size());
  std::vector<Picture> pictures(run.frames.size());
  const fs::path folder = fs::temp_directory_path() / ("render_bench-" + std::to_string(::getpid()));
  fs::create_directories(folder);
  const auto png = [&](std::size_t i) { return folder / (std::to_string(i) + ".png"); };
  const auto report = [&](const char* what, double ms, std::uintmax_t bytes) {
    std::printf("%-8s %4dx%-4d %6zu points  %-10s %8.2f ms/frame %8.1f KB/frame\n", name, options.width,
                options.height, options.num_points, what, ms / count,
                static_cast<double>(bytes) / 1e3 / count);
  };

  report("draw",
         measure(rounds,
                 [&] {
                   for (std::size_t i = 0; i < pictures.size(); ++i)
                     pictures[i] = renderer.draw(run.frames[i]);
                 }),
         0);
  const double write = measure(rounds, [&] {
    for (std::size_t i = 0; i < pictures.size(); ++i) write_png(png(i), pictures[i]);
  });
  std::uintmax_t bytes = 0;
  for (std::size_t i = 0; i < pictures.size(); ++i) bytes += fs::file_size(png(i));
  report("write PNG", write, bytes);
  for (const char* format : {"gif", "mp4", "webp"}) {
    const fs::path path = folder / (std::string("animation.") + format);
    const double ms = measure(std::max(1, rounds / 3), [&] {
      write_animation(path, {.format = format}, pictures.size(), [&](std::size_t i) { return pictures[i]; });
    });
    report(format, ms, fs::file_size(path));
  }
  fs::remove_all(folder);
}

}  // namespace

int main(int argc, char** argv) {
  const bool smoke = argc > 1 && std::strcmp(argv[1], "--smoke") == 0;
  synthetic::Options options;
  options.num_points = smoke ? 100 : 10'000;
  options.num_frames = smoke ? 2 : 11;
  options.width = options.height = smoke ? 400 : 1600;
  bench_layout("article", Layout::kArticle, options, smoke ? 1 : 9);
  bench_layout("wide", Layout::kWide, options, smoke ? 1 : 9);
  options.num_points = smoke ? 100 : 100'000;
  bench_layout("wide", Layout::kWide, options, smoke ? 1 : 3);
  return 0;
}
