// SPDX-License-Identifier: Apache-2.0
#include "same_images.hpp"

#include <algorithm>
#include <vector>

#include "zoetrope/comm/launcher.hpp"
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

std::string name_of(std::size_t rank, const std::vector<std::string>& hosts) {
  return "rank " + std::to_string(rank) + " on " + hosts[rank];
}

}  // namespace

void require_same_images(comm::Communicator& control, const std::string& source, const std::string& things,
                         const data::Dataset& images) {
  if (control.size() == 1) return;
  const auto all = comm::all_gather_strings(control, describe(things, images));
  const auto other = std::ranges::find_if(all, [&](const std::string& one) { return one != all.front(); });
  if (other == all.end()) return;
  const auto hosts = comm::all_gather_strings(control, comm::host_name());
  const auto num_others = std::ranges::count_if(all, [&](const auto& one) { return one != all.front(); });
  throw InputError(source + ": " + name_of(static_cast<std::size_t>(other - all.begin()), hosts) + " reads " +
                   *other + ", " + name_of(0, hosts) + " " + all.front() +
                   (num_others > 1 ? "; " + std::to_string(num_others) + " ranks differ from rank 0" : "") +
                   ": give files that all hosts share, or make the copies the same");
}

}  // namespace zoetrope::pipeline
