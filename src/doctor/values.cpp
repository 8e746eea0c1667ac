// SPDX-License-Identifier: Apache-2.0
// Element j of rank r is (j + r) mod 7, so that what must come out is known in closed form (as in gloo's
// tests), small, and exact in every type.
#include <algorithm>
#include <array>
#include <memory>

#include <ATen/ATen.h>

#include "collectives.hpp"

namespace zoetrope::doctor {

namespace {

using comm::Communicator;
using comm::ReduceOp;

constexpr std::int64_t kPeriod = 7;
constexpr std::int64_t kManyElements = 300'000;  // more than travels in one piece

at::Tensor elements_of(std::int64_t rank, std::int64_t count, at::ScalarType dtype) {
  return at::arange(count, at::kLong).add_(rank).remainder_(kPeriod).to(dtype);
}

// Of all ranks, reduced; in double.
at::Tensor reduced_elements(int size, std::int64_t count, ReduceOp op) {
  at::Tensor result;
  for (std::int64_t rank = 0; rank < std::min<std::int64_t>(size, kPeriod); ++rank) {
    const std::int64_t alike = (size - rank + kPeriod - 1) / kPeriod;  // ranks with the same elements
    const at::Tensor mine = elements_of(rank, count, at::kDouble);
    if (op == ReduceOp::kMin || op == ReduceOp::kMax)
      result = !result.defined()      ? mine
               : op == ReduceOp::kMin ? at::minimum(result, mine)
                                      : at::maximum(result, mine);
    else
      result =
          result.defined() ? result.add(mine, static_cast<double>(alike)) : mine * static_cast<double>(alike);
  }
  return op == ReduceOp::kAverage ? result / size : result;
}

bool is_close(const at::Tensor& actual, const at::Tensor& expected) {
  return at::allclose(actual.cpu().to(at::kDouble), expected.to(at::kDouble), 1e-6, 1e-6);
}

class Values {
 public:
  explicit Values(const Backend& backend) : backend_(backend), over_(backend.over) {}

  bool broadcast(int root) {
    at::Tensor tensor = mine(kManyElements, at::kFloat);
    over_.broadcast(tensor, root);
    return is_close(tensor, elements_of(root, kManyElements, at::kFloat));
  }

  bool all_reduce(std::int64_t count, at::ScalarType dtype, ReduceOp op) {
    at::Tensor tensor = mine(count, dtype);
    over_.all_reduce(tensor, op);
    return is_close(tensor, reduced_elements(over_.size(), count, op));
  }

  bool reduce() {
    const int root = over_.size() - 1;
    at::Tensor tensor = mine(kManyElements, at::kFloat);
    over_.reduce(tensor, root, ReduceOp::kSum);
    return over_.rank() != root ||
           is_close(tensor, reduced_elements(over_.size(), kManyElements, ReduceOp::kSum));
  }

  bool gather() {
    const at::Tensor all = over_.gather(piece(over_.rank()).to(backend_.device), 0);
    return over_.rank() != 0 || is_close(all, pieces());
  }

  bool all_gather() { return is_close(over_.all_gather(piece(over_.rank()).to(backend_.device)), pieces()); }

  bool reduce_scatter() {
    const support::Range share = support::share(kManyElements, over_.rank(), over_.size());
    at::Tensor tensor = mine(kManyElements, at::kFloat);
    over_.reduce_scatter(tensor, share);
    const at::Tensor expected = reduced_elements(over_.size(), kManyElements, ReduceOp::kSum);
    const auto part = [&](const at::Tensor& of) { return of.slice(0, share.begin, share.end); };
    const bool is_right = is_close(part(tensor), part(expected));
    over_.barrier();  // until all have met, others may read the tensor
    return is_right;
  }

  bool all_reduce_async() {
    std::array<at::Tensor, 2> tensors = {mine(kManyElements, at::kFloat), mine(1, at::kFloat)};
    std::vector<std::unique_ptr<comm::Work>> under_way;
    for (const at::Tensor& tensor : tensors)
      under_way.push_back(over_.all_reduce_async(tensor, ReduceOp::kSum));
    for (const auto& work : under_way) work->wait();
    return std::ranges::all_of(tensors, [&](const at::Tensor& tensor) {
      return is_close(tensor, reduced_elements(over_.size(), tensor.numel(), ReduceOp::kSum));
    });
  }

  // Ranks of even numbers, and of odd ones.
  bool split() {
    const std::unique_ptr<Communicator> group = over_.split(over_.rank() % 2);
    at::Tensor sum = at::full({1}, over_.rank(), at::TensorOptions(at::kLong).device(backend_.device));
    group->all_reduce(sum, ReduceOp::kSum);
    std::int64_t expected = 0;
    for (int rank = over_.rank() % 2; rank < over_.size(); rank += 2) expected += rank;
    return sum.cpu().item<std::int64_t>() == expected;
  }

 private:
  at::Tensor mine(std::int64_t count, at::ScalarType dtype) const {
    return elements_of(over_.rank(), count, dtype).to(backend_.device);
  }
  // Ranks bring one, two or three rows.
  static at::Tensor piece(int rank) {
    return elements_of(rank, std::int64_t{5} * (rank % 3 + 1), at::kFloat).view({-1, 5});
  }
  at::Tensor pieces() const {
    std::vector<at::Tensor> all;
    for (int rank = 0; rank < over_.size(); ++rank) all.push_back(piece(rank));
    return at::cat(all);
  }

  const Backend& backend_;
  Communicator& over_;
};

struct Check {
  std::string name;
  std::function<bool()> is_right;
};

std::vector<Check> checks_of(Values& values, int size) {
  std::vector<Check> checks;
  for (const int root : {0, size - 1})
    checks.push_back(
        {"broadcast of rank " + std::to_string(root), [&values, root] { return values.broadcast(root); }});
  const auto reduction = [&](const char* what, std::int64_t count, at::ScalarType dtype, ReduceOp op) {
    checks.push_back(
        {std::string("all_reduce of ") + what, [=, &values] { return values.all_reduce(count, dtype, op); }});
  };
  reduction("float32, sums", kManyElements, at::kFloat, ReduceOp::kSum);
  reduction("float32, one sum", 1, at::kFloat, ReduceOp::kSum);
  reduction("float32, averages", kManyElements, at::kFloat, ReduceOp::kAverage);
  reduction("float32, least", kManyElements, at::kFloat, ReduceOp::kMin);
  reduction("float64, sums", kManyElements, at::kDouble, ReduceOp::kSum);
  reduction("int64, sums", kManyElements, at::kLong, ReduceOp::kSum);
  reduction("int32, greatest", kManyElements, at::kInt, ReduceOp::kMax);
  reduction("uint8, greatest", kManyElements, at::kByte, ReduceOp::kMax);
  reduction("bfloat16, greatest", kManyElements, at::kBFloat16, ReduceOp::kMax);
  checks.push_back({"reduce", [&] { return values.reduce(); }});
  checks.push_back({"gather", [&] { return values.gather(); }});
  checks.push_back({"all_gather", [&] { return values.all_gather(); }});
  checks.push_back({"reduce_scatter", [&] { return values.reduce_scatter(); }});
  checks.push_back({"all_reduce_async", [&] { return values.all_reduce_async(); }});
  checks.push_back({"split", [&] { return values.split(); }});
  return checks;
}

}  // namespace

std::vector<std::string> find_wrong_values(const Backend& backend, const Announce& announce) {
  Values values(backend);
  const std::vector<Check> checks = checks_of(values, backend.over.size());
  const at::Tensor wrong = at::zeros({1, std::ssize(checks)}, at::kByte);
  for (std::int64_t i = 0; i < std::ssize(checks); ++i) {
    announce(checks[static_cast<std::size_t>(i)].name);
    if (!checks[static_cast<std::size_t>(i)].is_right()) wrong[0][i] = 1;
  }
  const at::Tensor all = backend.control.all_gather(wrong);  // [ranks, checks]
  std::vector<std::string> found;
  for (std::int64_t i = 0; i < std::ssize(checks); ++i) {
    std::vector<int> ranks;
    for (int rank = 0; rank < backend.over.size(); ++rank)
      if (all[rank][i].item<std::uint8_t>() != 0) ranks.push_back(rank);
    if (!ranks.empty())
      found.push_back(checks[static_cast<std::size_t>(i)].name + ": wrong on rank" +
                      (ranks.size() == 1 ? " " : "s ") + format_ranks(ranks));
  }
  return found;
}

}  // namespace zoetrope::doctor
