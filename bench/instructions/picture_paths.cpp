// SPDX-License-Identifier: Apache-2.0
// Frames, the animation and the review page.
#include <memory>

#include "zoetrope/image/decode.hpp"
#include "zoetrope/render/animation.hpp"
#include "zoetrope/support/files.hpp"

#include "hot_paths.hpp"
#include "render/synthetic.hpp"
#include "review/sample_run.hpp"

namespace zoetrope::instructions {

namespace {

render::synthetic::Run made_up_run(int side, std::size_t points) {
  return render::synthetic::make_run({.num_points = points, .num_frames = 2, .width = side, .height = side});
}

}  // namespace

std::vector<HotPath> picture_paths(const std::filesystem::path& scratch) {
  using namespace render;
  const auto run = std::make_shared<synthetic::Run>(made_up_run(640, 2000));
  const auto renderer = std::make_shared<FrameRenderer>(run->scene);
  const Picture picture = renderer->draw(run->frames.back());
  const synthetic::Run animated = made_up_run(400, 500);
  const auto pictures = std::make_shared<std::vector<Picture>>();
  for (const Frame& frame : animated.frames) pictures->push_back(FrameRenderer(animated.scene).draw(frame));
  const std::filesystem::path png = scratch / "frame.png";
  write_png(png, picture);
  const std::string packed = support::read_file(png);
  const auto review = std::make_shared<review::Review>(review::make_sample({.images = 200, .frames = 4}));
  return {{"drawing of a frame, 640 x 640, 2000 points", [=] { renderer->draw(run->frames.back()); }},
          {"writing of a PNG, 640 x 640", [=] { write_png(png, picture); }},
          {"reading of a PNG, 640 x 640",
           [=] {
             image::decode_image({reinterpret_cast<const std::uint8_t*>(packed.data()), packed.size()},
                                 "frame.png");
           }},
          {"GIF of 2 frames, 400 x 400",
           [=] {
             write_animation(scratch / "animation.gif", {.format = "gif"}, pictures->size(),
                             [&](std::size_t i) { return (*pictures)[i]; });
           }},
          {"review page of 200 images, 4 checkpoints",
           [=] { review::write_page(scratch / "review.html", *review); }}};
}

}  // namespace zoetrope::instructions
