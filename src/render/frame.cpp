// SPDX-License-Identifier: Apache-2.0
#include "zoetrope/render/frame.hpp"

#include "canvas.hpp"
#include "figure.hpp"

namespace zoetrope::render {

struct FrameRenderer::State {
  explicit State(Scene the_scene)
      : scene(std::move(the_scene)), figure(scene), background(make_picture(scene.width, scene.height)) {
    figure.draw_background(background);
  }

  Scene scene;
  Figure figure;
  Picture background;
};

FrameRenderer::FrameRenderer(Scene scene) : state_(std::make_unique<State>(std::move(scene))) {}
FrameRenderer::~FrameRenderer() = default;

Picture FrameRenderer::draw(const Frame& frame) const {
  Picture picture = state_->background;
  state_->figure.draw_frame(picture, frame);
  return picture;
}

}  // namespace zoetrope::render
