// SPDX-License-Identifier: Apache-2.0
// Writes the page of a made-up run, for page_test.py and for a look at it:
//   review_sample OUT.html [images=N] [frames=T] [classes=C] [channels=1|3] [hostile=1] [predictions=0]
//   [refresh=SECONDS]
#include <cstdio>
#include <string>

#include "zoetrope/support/error.hpp"

#include "review/sample_run.hpp"

int main(int argc, char** argv) {
  using namespace zoetrope::review;
  if (argc < 2) return 2;
  SampleOptions options;
  PageOptions page;
  for (int i = 2; i < argc; ++i) {
    const std::string argument = argv[i];
    const std::size_t equals = argument.find('=');
    const std::string key = argument.substr(0, equals);
    const long value = std::stol(argument.substr(equals + 1));
    if (key == "images") options.images = value;
    if (key == "frames") options.frames = value;
    if (key == "classes") options.classes = value;
    if (key == "channels") options.channels = value;
    if (key == "side") options.side = value;
    if (key == "hostile") options.hostile_names = value != 0;
    if (key == "predictions") options.predictions = value != 0;
    if (key == "refresh") page.refresh_seconds = static_cast<int>(value);
  }
  try {
    write_page(argv[1], make_sample(options), page);
  } catch (const zoetrope::Error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return static_cast<int>(error.code());
  }
  return 0;
}
