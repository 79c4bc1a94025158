// bgb::residual_norm, layer norm of dropout(input) + residual, on CUDA: the end of a BiMamba layer. Its twin is
// src/nn/residual-norm.ts. The mask is the hash of src/random/ over seed, layer, step, sample and element, drawn
// again in backward instead of kept.
#include "cuda_kernels.h"

#include <ATen/ATen.h>
#include <c10/core/DeviceGuard.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/library.h>

#include <cmath>

namespace bgb {

namespace {

using at::Tensor;

struct Dropout {
  int64_t key;  // the hash of seed and layer
  double rate;
  unsigned threshold() const { return static_cast<unsigned>(std::llround(rate * 4294967296.0)); }
  float scale() const { return static_cast<float>(1.0 / (1.0 - rate)); }
};

Defines definesOf(const Tensor& x) {
  TORCH_CHECK(x.is_cuda() && x.dim() == 3 && x.is_contiguous() && x.size(2) % 128 == 0,
              "bgb::residual_norm: no kernel for ", x.sizes());
  return {{"WIDTH", x.size(2)}};
}

class ResidualNorm : public torch::autograd::Function<ResidualNorm> {
 public:
  static Tensor forward(torch::autograd::AutogradContext* context, const Tensor& input, const Tensor& residual,
                        const Tensor& weight, const Tensor& bias, const OptionalTensor& samples, const OptionalTensor& step,
                        int64_t key, double rate) {
    at::AutoDispatchBelowADInplaceOrView below;
    const c10::DeviceGuard guard(input.device());
    const auto x = input.contiguous(), other = residual.to(input.scalar_type()).contiguous();
    const Dropout dropout{key, rate};
    const auto out = at::empty_like(x);
    const long length = x.size(1), rows = x.size(0) * length;
    launch(KernelModule::residualNorm, definesOf(x), std::string("residual_norm_") + suffixOf(x),
           {(rows + 3) / 4, 128}, pointerTo(x), pointerTo(other), pointerTo(weight), pointerTo(bias), pointerTo(out),
           static_cast<unsigned>(key), dropout.threshold(), dropout.scale(), pointerTo(step.value_or(Tensor())),
           pointerTo(samples.value_or(Tensor())), rows, length);
    context->save_for_backward({x, other, weight, samples.value_or(Tensor()), step.value_or(Tensor())});
    context->saved_data["key"] = key;
    context->saved_data["rate"] = rate;
    context->saved_data["residualType"] = static_cast<int64_t>(residual.scalar_type());
    return out;
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 const torch::autograd::variable_list& gradients) {
    const auto saved = context->get_saved_variables();
    const auto &x = saved[0], &other = saved[1], &weight = saved[2], &samples = saved[3], &step = saved[4];
    const c10::DeviceGuard guard(x.device());
    const Dropout dropout{context->saved_data["key"].toInt(), context->saved_data["rate"].toDouble()};
    const auto incoming = gradients[0].to(x.scalar_type()).contiguous();
    const long length = x.size(1), rows = x.size(0) * length, width = x.size(2);
    const int64_t blocks = std::min<int64_t>((rows + 3) / 4, 660);
    const auto byInput = at::empty_like(x), byResidual = at::empty_like(x);
    const auto partial = at::empty({2, blocks, width}, weight.options());
    launch(KernelModule::residualNorm, definesOf(x), std::string("residual_norm_backward_") + suffixOf(x),
           {blocks, 128, 2 * width * 4}, pointerTo(x), pointerTo(other), pointerTo(weight), pointerTo(incoming),
           pointerTo(byInput), pointerTo(byResidual), pointerTo(partial),
           static_cast<unsigned>(dropout.key), dropout.threshold(), dropout.scale(), pointerTo(step),
           pointerTo(samples), rows, length);
    const auto sums = partial.sum(1);
    const auto type = static_cast<at::ScalarType>(context->saved_data["residualType"].toInt());
    return {byInput, byResidual.to(type), sums[0], sums[1], Tensor(), Tensor(), Tensor(), Tensor()};
  }
};

Tensor residualNorm(const Tensor& input, const Tensor& residual, const Tensor& weight, const Tensor& bias,
                    const OptionalTensor& samples, const OptionalTensor& step, int64_t key, double rate) {
  TORCH_CHECK(rate == 0 || (samples.has_value() && step.has_value()), "bgb::residual_norm: a mask needs samples and step");
  return ResidualNorm::apply(input, residual, weight, bias, samples, step, key, rate);
}

}  // namespace

TORCH_LIBRARY_FRAGMENT(bgb, library) {
  library.def(
      "residual_norm(Tensor input, Tensor residual, Tensor weight, Tensor bias, Tensor? samples, Tensor? step, int key, "
      "float rate) -> Tensor");
}
TORCH_LIBRARY_IMPL(bgb, AutogradCUDA, library) { library.impl("residual_norm", residualNorm); }
TORCH_LIBRARY_IMPL(bgb, CUDA, library) { library.impl("residual_norm", residualNorm); }

}  // namespace bgb
