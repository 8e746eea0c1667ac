// SPDX-License-Identifier: Apache-2.0
#include "zoetrope/train/same_model.hpp"

#include <algorithm>
#include <span>
#include <vector>

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

#include "zoetrope/comm/launcher.hpp"
#include "zoetrope/support/digest.hpp"
#include "zoetrope/support/error.hpp"

namespace zoetrope::train {

namespace {

bool is_near(const at::Tensor& a, const at::Tensor& b) {
  constexpr double kRelative = 1e-5, kAbsolute = 1e-6;
  return a.numel() == b.numel() && at::allclose(a, b, kRelative, kAbsolute);
}

std::string digest_of_weights(const at::Tensor& flat) {
  support::Xxh3 digest;
  digest.update(std::as_bytes(std::span(static_cast<const char*>(flat.const_data_ptr()), flat.nbytes())));
  return digest.hex();
}

// What decides how many weights there are and what is computed with them. Copies of a model may differ in
// what else config.json holds.
std::string digest_of_config(model::VitConfig config) {
  config.other = support::Json::object();
  support::Xxh3 digest;
  digest.update(config.to_json().dump(-1, ' ', false, support::Json::error_handler_t::replace));
  return digest.hex();
}

// Whether this rank's weights are rank 0's but for the last bits; then it has those. Collective, among ranks
// with as many weights.
bool take_from_root(const at::Tensor& flat, comm::Communicator& control) {
  at::Tensor of_root = control.rank() == 0 ? flat : at::empty_like(flat);
  control.broadcast(of_root, 0);
  const bool is_of_same = is_near(flat, of_root);
  if (is_of_same && control.rank() != 0) flat.copy_(of_root);
  return is_of_same;
}

}  // namespace

bool are_nearly_equal(const model::Vit& a, const model::Vit& b) {
  return is_near(a.flat().detach().cpu(), b.flat().detach().cpu());
}

void agree_on_model(model::Vit& model, const std::string& source, comm::Communicator& control) {
  if (control.size() == 1) return;
  const c10::NoGradGuard no_grad;
  const at::Tensor flat = model.flat().detach();
  const std::string config = digest_of_config(model.config()), weights = digest_of_weights(flat);
  const auto configs = comm::all_gather_strings(control, config);
  const auto digests = comm::all_gather_strings(control, weights);
  const auto are_same = [](const auto& all) {
    return std::ranges::count(all, all.front()) == std::ssize(all);
  };
  std::vector<std::string> matches(configs.size());
  std::ranges::transform(configs, matches.begin(),
                         [&](const std::string& one) { return one == configs.front() ? "yes" : "no"; });
  if (are_same(configs)) {
    if (are_same(digests)) return;
    matches = comm::all_gather_strings(control, take_from_root(flat, control) ? "yes" : "no");
  }
  const auto other = std::ranges::find(matches, "no");
  if (other == matches.end()) return;
  const auto hosts = comm::all_gather_strings(control, comm::host_name());
  const auto rank = static_cast<std::size_t>(other - matches.begin());
  throw InputError(source + ": rank " + std::to_string(rank) + " on " + hosts[rank] +
                   " reads another model there (digest of the weights " + digests[rank] +
                   ") than rank 0 on " + hosts[0] + " (" + digests[0] +
                   "): give files that all hosts share, or make the copies the same");
}

}  // namespace zoetrope::train
