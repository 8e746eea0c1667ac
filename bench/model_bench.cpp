// SPDX-License-Identifier: Apache-2.0
// The model beside transformers': bench/peers/model.py runs both in turn and prints the table.
//   model_bench read FOLDER      seconds to read a folder's weights into a model, and the memory it took
//   model_bench forward FOLDER   seconds of a forward pass over one batch, no gradients
//   model_bench train FOLDER     seconds of forward and backward
// Options: --batch N --threads N --repeats N. Prints one JSON object: the fastest repeat in seconds of wall
// time and in seconds of CPU time, and a number to compare.
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <ctime>
#include <fstream>
#include <iostream>
#include <limits>
#include <string>

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <boost/program_options.hpp>
#include <c10/core/GradMode.h>

#include "zoetrope/model/folder.hpp"
#include "zoetrope/support/json.hpp"
#include "zoetrope/support/memory.hpp"

namespace {

namespace model = zoetrope::model;
using zoetrope::support::Json;

struct Options {
  std::string what;
  std::string folder;
  std::int64_t batch = 8;
  int threads = 1;
  int repeats = 3;
};

double cpu_seconds() {
  timespec time{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

// Of this process, in bytes: "VmHWM" (the highest so far) or "VmRSS" (now).
std::int64_t resident(const std::string& field) {
  std::ifstream status("/proc/self/status");
  std::string word;
  while (status >> word)
    if (word == field + ":") {
      std::int64_t kilobytes = 0;
      status >> kilobytes;
      return kilobytes * 1024;
    }
  return 0;
}

template <typename Work>
Json fastest(int repeats, const Work& work) {
  double wall = std::numeric_limits<double>::infinity(), cpu = wall;
  for (int i = 0; i < repeats; ++i) {
    const auto start = std::chrono::steady_clock::now();
    const double cpu_start = cpu_seconds();
    work();
    cpu = std::min(cpu, cpu_seconds() - cpu_start);
    wall = std::min(wall, std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  }
  return {{"seconds", wall}, {"cpu_seconds", cpu}};
}

Json measure_read(const Options& options) {
  const std::int64_t before = resident("VmRSS");
  const std::int64_t bytes =
      static_cast<std::int64_t>(model::load_checkpoint(options.folder).flat().nbytes());
  const std::int64_t peak = resident("VmHWM") - before;
  Json result = fastest(options.repeats, [&] { model::load_checkpoint(options.folder); });
  result["copies_resident"] = static_cast<double>(peak) / static_cast<double>(bytes);
  return result;
}

// Pixel i is (37 i + i i) mod 256, scaled to [-1, 1]: the peer makes the same.
at::Tensor made_up_pixels(std::int64_t batch, const model::VitConfig& config) {
  const std::int64_t side = config.image_size;
  const at::Tensor i = at::arange(batch * 3 * side * side, at::kLong);
  return (at::remainder(37 * i + i * i, 256).to(at::kFloat) / 127.5 - 1).view({batch, 3, side, side});
}

Json measure_forward(const Options& options) {
  const c10::NoGradGuard no_grad;
  const model::Vit vit = model::load_checkpoint(options.folder);
  const at::Tensor pixels = made_up_pixels(options.batch, vit.config());
  at::Tensor logits = vit.logits(pixels);
  Json result = fastest(options.repeats, [&] { logits = vit.logits(pixels); });
  result["answer"] = logits.abs().sum(at::kDouble).item<double>();
  return result;
}

Json measure_train(const Options& options) {
  const model::Vit vit = model::load_checkpoint(options.folder);
  const at::Tensor gradients = at::zeros_like(vit.flat());
  for (std::size_t i = 0; i < vit.tensors().size(); ++i) {
    const model::Parameter& parameter = vit.parameters()[i];
    vit.tensors()[i].mutable_grad() =
        gradients.narrow(0, parameter.offset, parameter.size()).view(parameter.shape);
  }
  const at::Tensor pixels = made_up_pixels(options.batch, vit.config());
  const at::Tensor labels = at::remainder(at::arange(options.batch, at::kLong), vit.config().num_labels());
  const auto step = [&] {
    gradients.zero_();
    at::cross_entropy_loss(vit.logits(pixels), labels).backward();
  };
  step();
  Json result = fastest(options.repeats, step);
  result["answer"] =
      at::linalg_vector_norm(gradients, 2, std::nullopt, /*keepdim=*/false, at::kDouble).item<double>();
  return result;
}

Options parse(int argc, char** argv) {
  namespace po = boost::program_options;
  Options options;
  po::options_description known("Options");
  known.add_options()("what", po::value(&options.what)->required())(
      "folder", po::value(&options.folder)->required())("batch", po::value(&options.batch))(
      "threads", po::value(&options.threads))("repeats", po::value(&options.repeats));
  po::positional_options_description places;
  places.add("what", 1).add("folder", 1);
  po::variables_map values;
  po::store(po::command_line_parser(argc, argv).options(known).positional(places).run(), values);
  po::notify(values);
  return options;
}

}  // namespace

int main(int argc, char** argv) try {
  zoetrope::support::keep_freed_memory();  // as jobs do
  const Options options = parse(argc, argv);
  at::set_num_threads(options.threads);
  if (options.what == "read") {
    std::cout << measure_read(options) << "\n";
  } else if (options.what == "forward") {
    std::cout << measure_forward(options) << "\n";
  } else if (options.what == "train") {
    std::cout << measure_train(options) << "\n";
  } else {
    throw std::invalid_argument("model_bench takes read, forward or train");
  }
} catch (const std::exception& error) {
  std::cerr << error.what() << "\n";
  return 1;
}
