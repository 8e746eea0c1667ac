// SPDX-License-Identifier: Apache-2.0
#include "zoetrope/train/same_model.hpp"

#include <span>

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

#include "zoetrope/comm/unlike_rank.hpp"
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

// Gives this rank rank 0's weights where its own are those but for the last bits. Collective, among ranks
// with as many weights.
void take_if_near(const at::Tensor& flat, comm::Communicator& control) {
  at::Tensor of_root = control.rank() == 0 ? flat : at::empty_like(flat);
  control.broadcast(of_root, 0);
  if (control.rank() != 0 && is_near(flat, of_root)) flat.copy_(of_root);
}

}  // namespace

bool are_nearly_equal(const model::Vit& a, const model::Vit& b) {
  return is_near(a.flat().detach().cpu(), b.flat().detach().cpu());
}

void agree_on_model(model::Vit& model, const std::string& source, comm::Communicator& control) {
  if (control.size() == 1) return;
  const c10::NoGradGuard no_grad;
  const at::Tensor flat = model.flat().detach();
  const std::string weights = digest_of_weights(flat);
  auto unlike = comm::find_unlike_rank(control, digest_of_config(model.config()), weights);
  if (!unlike && comm::find_unlike_rank(control, weights, weights)) {
    take_if_near(flat, control);
    const std::string taken = digest_of_weights(flat);
    unlike = comm::find_unlike_rank(control, taken, taken);
  }
  if (!unlike) return;
  throw InputError(source + ": " + unlike->name + " reads another model there (digest of the weights " +
                   unlike->shown + ") than " + unlike->name_of_root + " (" + unlike->shown_of_root +
                   "): give files that all hosts share, or make the copies the same");
}

}  // namespace zoetrope::train
