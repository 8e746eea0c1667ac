// SPDX-License-Identifier: Apache-2.0
#include "same_images.hpp"

#include "zoetrope/comm/unlike_rank.hpp"
#include "zoetrope/support/digest.hpp"
#include "zoetrope/support/error.hpp"
#include "zoetrope/support/text.hpp"

namespace zoetrope::pipeline {

namespace {

// "20 training images of 2 classes (digest 3f2a9c01b4d7)"
std::string describe(const std::string& things, const data::Dataset& images) {
  constexpr std::size_t kShown = 12;
  support::Sha256 sha;
  sha.update(images.digest());
  for (const std::string& name : images.class_names()) sha.update(std::to_string(name.size()) + ":" + name);
  const auto num_classes = static_cast<std::int64_t>(images.class_names().size());
  return support::format_count(images.size()) + " " + things + " of " + support::format_count(num_classes) +
         (num_classes == 1 ? " class" : " classes") + " (digest " + sha.hex().substr(0, kShown) + ")";
}

}  // namespace

void require_same_images(comm::Communicator& control, const std::string& source, const std::string& things,
                         const data::Dataset& images) {
  if (control.size() == 1) return;
  const std::string found = describe(things, images);
  const auto unlike = comm::find_unlike_rank(control, found, found);
  if (!unlike) return;
  const std::string others =
      unlike->num_unlike > 1 ? "; " + std::to_string(unlike->num_unlike) + " ranks differ from rank 0" : "";
  throw InputError(source + ": " + unlike->name + " reads " + unlike->shown + ", " + unlike->name_of_root +
                   " " + unlike->shown_of_root + others +
                   ": give files that all hosts share, or make the copies the same");
}

}  // namespace zoetrope::pipeline
