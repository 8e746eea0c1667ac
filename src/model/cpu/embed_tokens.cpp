// SPDX-License-Identifier: Apache-2.0
// Shapes: B images, T tokens, of which the last P are patches of K numbers, H hidden.
#include <algorithm>

#include <ATen/ATen.h>
#include <torch/csrc/autograd/custom_function.h>

#include "engine.hpp"
#include "gemm.hpp"
#include "row_kernels.hpp"
#include "transpose.hpp"
#include "weight_gradient.hpp"

namespace zoetrope::model {

namespace {

namespace autograd = torch::autograd;

// `prefix` is (1, T - P, H).
class EmbedTokens : public autograd::Function<EmbedTokens> {
 public:
  static at::Tensor forward(autograd::AutogradContext* context, const at::Tensor& patches,
                            const at::Tensor& weight, const at::Tensor& bias, const at::Tensor& prefix,
                            const at::Tensor& positions) {
    context->save_for_backward({patches, weight, bias, prefix, positions});
    const std::int64_t batch = patches.size(0), count = patches.size(1), depth = patches.size(2);
    const std::int64_t hidden = weight.size(0), tokens = positions.size(1), first = tokens - count;
    const at::Tensor every_image = positions.view({tokens, hidden}).clone();
    every_image.narrow(0, 0, first).add_(prefix.view({first, hidden}));
    every_image.narrow(0, first, count).add_(bias);
    const at::Tensor transposed = at::empty({depth, hidden}, weight.options());
    float* const by_column = transposed.mutable_data_ptr<float>();
    transpose(hidden, depth, {weight.const_data_ptr<float>(), depth}, {by_column, hidden});

    const at::Tensor result = at::empty({batch, tokens, hidden}, patches.options());
    for (std::int64_t i = 0; i < batch; ++i) {
      float* const image = result.mutable_data_ptr<float>() + i * tokens * hidden;
      std::copy_n(every_image.const_data_ptr<float>(), tokens * hidden, image);
      multiply({count, hidden, depth}, {patches.const_data_ptr<float>() + i * count * depth, depth},
               {by_column, hidden}, {image + first * hidden, hidden}, Before::kAddedTo);
    }
    return result;
  }

  static autograd::variable_list backward(autograd::AutogradContext* context,
                                          const autograd::variable_list& gradients) {
    const auto saved = context->get_saved_variables();
    const at::Tensor& patches = saved[0];
    const WeightGradient of_weight(saved[1]), of_bias(saved[2]), of_prefix(saved[3]), of_positions(saved[4]);
    const at::Tensor grad = gradients[0].contiguous();
    const std::int64_t count = patches.size(1), tokens = grad.size(1), hidden = grad.size(2);
    const std::int64_t first = tokens - count;
    of_weight.add_product(grad.narrow(1, first, count).reshape({-1, hidden}), patches.flatten(0, 1));

    const at::Tensor of_image = at::zeros({tokens, hidden}, grad.options());
    const float* const sums = of_image.const_data_ptr<float>();
    add_column_sums({grad.size(0), tokens * hidden}, grad.const_data_ptr<float>(),
                    of_image.mutable_data_ptr<float>());
    add_column_sums({1, tokens * hidden}, sums, of_positions.data());
    add_column_sums({1, first * hidden}, sums, of_prefix.data());
    add_column_sums({count, hidden}, sums + first * hidden, of_bias.data());
    return {at::Tensor(), of_weight.rest(), of_bias.rest(), of_prefix.rest(), of_positions.rest()};
  }
};

}  // namespace

at::Tensor embed_tokens(const at::Tensor& patches, const at::Tensor& weight, const at::Tensor& bias,
                        const std::vector<at::Tensor>& prefix, const at::Tensor& positions) {
  return EmbedTokens::apply(patches.contiguous(), weight, bias,
                            prefix.size() == 1 ? prefix.front() : at::cat(prefix, 1), positions.contiguous());
}

}  // namespace zoetrope::model
