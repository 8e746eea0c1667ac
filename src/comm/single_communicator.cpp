// SPDX-License-Identifier: Apache-2.0
#include <stdexcept>

#include "argument_check.hpp"

namespace zoetrope::comm {
namespace {

class DoneWork final : public Work {
 public:
  void wait() override {}
};

class SingleCommunicator final : public Communicator {
 public:
  int rank() const override { return 0; }
  int size() const override { return 1; }
  std::string backend() const override { return "single"; }

  void broadcast(at::Tensor tensor, int root) override {
    check_any_device(tensor, "broadcast");
    check_root(root, 1, "broadcast");
  }
  void all_reduce(at::Tensor tensor, ReduceOp op) override {
    check_any_device(tensor, "all_reduce");
    check_reduction(tensor.scalar_type(), op, "all_reduce");
  }
  void reduce(at::Tensor tensor, int root, ReduceOp op) override {
    check_any_device(tensor, "reduce");
    check_reduction(tensor.scalar_type(), op, "reduce");
    check_root(root, 1, "reduce");
  }
  at::Tensor gather(const at::Tensor& piece, int root) override {
    check_root(root, 1, "gather");
    return all_gather(piece);
  }
  at::Tensor all_gather(const at::Tensor& piece) override {
    if (!piece.defined()) throw std::invalid_argument("all_gather: the tensor is undefined");
    check_piece(piece, piece.device().type(), "all_gather");
    return piece.detach().clone();
  }
  void barrier() override {}
  std::unique_ptr<Work> all_reduce_async(at::Tensor tensor, ReduceOp op) override {
    all_reduce(tensor, op);
    return std::make_unique<DoneWork>();
  }
  std::unique_ptr<Communicator> split(int color) override {
    check_color(color);
    return make_single_communicator();
  }

 private:
  static void check_any_device(const at::Tensor& tensor, const char* operation) {
    if (!tensor.defined()) throw std::invalid_argument(std::string(operation) + ": the tensor is undefined");
    check_tensor(tensor, tensor.device().type(), operation);
  }
};

}  // namespace

std::unique_ptr<Communicator> make_single_communicator() {
  return std::make_unique<SingleCommunicator>();
}

}  // namespace zoetrope::comm
