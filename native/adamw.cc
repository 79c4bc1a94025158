// bgb::adamw_, one step of AdamW over a flat buffer as one kernel on CUDA. Its twin in ATen operators is in
// src/train/adamw.ts.
#include "cuda_kernels.h"

#include <ATen/ATen.h>
#include <c10/core/DeviceGuard.h>
#include <torch/library.h>

namespace bgb {

namespace {

using at::Tensor;

void adamw(const Tensor& values, const Tensor& gradients, const Tensor& mean, const Tensor& square,
           const Tensor& scalars, double beta1, double beta2, double epsilon, double decay) {
  for (const auto& tensor : {values, gradients, mean, square})
    TORCH_CHECK(tensor.is_cuda() && tensor.is_contiguous() && tensor.scalar_type() == at::kFloat &&
                    tensor.numel() == values.numel(),
                "bgb::adamw_: values, gradients and moments must be float32 of one length");
  TORCH_CHECK(scalars.scalar_type() == at::kFloat && scalars.numel() == 5, "bgb::adamw_: expected five scalars");
  const c10::DeviceGuard guard(values.device());
  const long count = values.numel();
  if (count == 0) return;
  launch(KernelModule::training, {}, "adamw", {(count + 1023) / 1024, 256}, pointerTo(values), pointerTo(gradients),
         pointerTo(mean), pointerTo(square), pointerTo(scalars), static_cast<float>(1 - beta1), static_cast<float>(1 - beta2),
         static_cast<float>(epsilon), static_cast<float>(decay), count);
}

}  // namespace

TORCH_LIBRARY_FRAGMENT(bgb, library) {
  library.def(
      "adamw_(Tensor(a!) values, Tensor gradients, Tensor(b!) mean, Tensor(c!) square, Tensor scalars, float beta1, "
      "float beta2, float eps, float decay) -> ()");
}
TORCH_LIBRARY_IMPL(bgb, CUDA, library) { library.impl("adamw_", adamw); }

}  // namespace bgb
