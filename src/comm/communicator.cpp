// SPDX-License-Identifier: Apache-2.0
#include "zoetrope/comm/communicator.hpp"

#include <utility>

#include <ATen/ATen.h>

namespace zoetrope::comm {

at::Tensor Communicator::make_buffer(const at::Tensor& like) {
  return at::zeros_like(like, like.options().requires_grad(false));
}

at::Tensor Communicator::make_common(std::int64_t) {
  return {};
}

void Communicator::reduce_scatter(at::Tensor tensor, support::Range) {
  all_reduce(std::move(tensor), ReduceOp::kSum);
}

void Communicator::register_buffer(const at::Tensor&) {}

void Communicator::launch_captured(const std::function<void()>& launch) {
  launch();
}

double all_reduce_scalar(Communicator& communicator, double value, ReduceOp op) {
  communicator.all_reduce(at::from_blob(&value, {1}, at::kDouble), op);
  return value;
}

std::int64_t all_reduce_scalar(Communicator& communicator, std::int64_t value, ReduceOp op) {
  communicator.all_reduce(at::from_blob(&value, {1}, at::kLong), op);
  return value;
}

std::int64_t broadcast_scalar(Communicator& communicator, std::int64_t value, int root) {
  communicator.broadcast(at::from_blob(&value, {1}, at::kLong), root);
  return value;
}

std::string broadcast_string(Communicator& communicator, const std::string& text, int root) {
  const std::int64_t length = broadcast_scalar(communicator, static_cast<std::int64_t>(text.size()), root);
  std::string result = text;
  result.resize(static_cast<std::size_t>(length));
  communicator.broadcast(at::from_blob(result.data(), {length}, at::kByte), root);
  return result;
}

std::vector<std::string> all_gather_strings(Communicator& communicator, const std::string& text) {
  const auto size_of = [](std::size_t size) { return static_cast<std::int64_t>(size); };
  const at::Tensor length = at::full({1}, size_of(text.size()), at::kLong);
  const at::Tensor lengths = communicator.all_gather(length);
  std::string mine = text;
  const at::Tensor all =
      communicator.all_gather(at::from_blob(mine.data(), {size_of(mine.size())}, at::kByte));

  std::vector<std::string> texts;
  const char* at = static_cast<const char*>(all.data_ptr());
  for (std::int64_t r = 0; r < lengths.numel(); ++r) {
    const auto count = static_cast<std::size_t>(lengths.data_ptr<std::int64_t>()[r]);
    texts.emplace_back(count == 0 ? "" : std::string(at, count));
    at += count;
  }
  return texts;
}

}  // namespace zoetrope::comm
