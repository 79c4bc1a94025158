// bgb::mamba2, what is between the two projections of a Mamba-2 (Dao and Gu 2024), on CUDA: causal depthwise
// convolution with SiLU, SSD with skip term, gate, RMS norm. Its twin in ATen operators is src/nn/mamba2.ts, which
// every other device and dtype takes.
//
// The last dimension of `projected` is z (inner), x (inner), B (state), C (state), step sizes (heads). The gradient
// is written into one tensor of that form, without a copy for each part.
#include "cuda_kernels.h"

#include <ATen/ATen.h>
#include <c10/core/DeviceGuard.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/library.h>

namespace bgb {

namespace {

using at::Tensor;

constexpr int64_t CHUNK = 64, RUN = 32, RUN_BACK = 96;  // as in kernels/

struct Shape {
  int64_t batch, length, heads, width, state, taps;
  int64_t inner() const { return heads * width; }
  int64_t convolved() const { return inner() + 2 * state; }
  int64_t chunks() const { return (length + CHUNK - 1) / CHUNK; }
  int64_t dt() const { return inner() + convolved(); }
  Defines ssd() const { return {{"P", width}, {"N", state}}; }
  Defines norm() const { return {{"WIDTH", inner()}}; }
  Defines convolution() const { return {{"TAPS", taps}}; }
};

Shape shapeOf(const Tensor& projected, const Tensor& convWeight, int64_t heads, int64_t width, int64_t state) {
  const Shape shape{projected.size(0), projected.size(1), heads, width, state, convWeight.size(-1)};
  TORCH_CHECK(projected.is_cuda() && projected.is_contiguous() && projected.size(2) == shape.dt() + heads,
              "bgb::mamba2: expected a contiguous CUDA tensor (B, L, ", shape.dt() + heads, "), found ",
              projected.sizes());
  TORCH_CHECK(width % 16 == 0 && state % 16 == 0 && state <= 64 && shape.inner() % 128 == 0 &&
                  projected.size(2) * projected.element_size() % 16 == 0,
              "bgb::mamba2: no kernel for heads ", heads, ", head's width ", width, ", state ", state);
  return shape;
}

int64_t bytesOfSsd(const Shape& s, int64_t size, bool isBackward) {
  const int64_t pad = 16 / size, x = CHUNK * (s.width + pad), b = CHUNK * (s.state + pad), m = CHUNK * (CHUNK + pad),
                state = s.state * (s.width + pad);
  return isBackward ? size * (2 * x + 3 * b + 2 * m + 2 * state) + 4 * (9 * CHUNK + 4)
                    : size * (x + 2 * b + m + state) + 4 * 2 * CHUNK;
}

void* partOf(const Tensor& projected, int64_t column) {
  return static_cast<char*>(projected.data_ptr()) + column * projected.element_size();
}

struct Parameters {
  Tensor convWeight, convBias, dtBias, logA, skip, normWeight;
};

Parameters inFloat32(const Tensor& convWeight, const Tensor& convBias, const Tensor& dtBias, const Tensor& logA,
                     const Tensor& skip, const Tensor& normWeight) {
  const auto prepare = [](const Tensor& tensor) { return tensor.to(at::kFloat).contiguous(); };
  return {prepare(convWeight), prepare(convBias), prepare(dtBias), prepare(logA), prepare(skip), prepare(normWeight)};
}

struct Forward {
  Tensor out, mixed, y, states;
};

Forward compute(const Tensor& projected, const Parameters& given, const Shape& s, bool isReversed, bool keepsStates) {
  const c10::DeviceGuard guard(projected.device());
  const std::string suffix = suffixOf(projected);
  const long stride = projected.size(2);
  const int reversed = isReversed, length = s.length, heads = s.heads, chunks = s.chunks();
  Forward result;
  result.mixed = at::empty({s.batch, s.length, s.convolved()}, projected.options());
  result.y = at::empty({s.batch, s.length, s.inner()}, projected.options());
  result.out = at::empty_like(result.y);
  if (keepsStates) result.states = at::empty({s.batch * s.heads, s.chunks(), s.state, s.width}, projected.options());

  const int channels = s.convolved(), runs = (s.length + RUN - 1) / RUN;
  const long threads = s.batch * runs * (channels / 8);
  launch(KernelModule::causalConvolution, s.convolution(), "convolve_" + suffix, {(threads + 127) / 128, 128},
         partOf(projected, s.inner()), stride, pointerTo(given.convWeight), pointerTo(given.convBias),
         pointerTo(result.mixed), length, channels, runs, threads, reversed);
  launch(KernelModule::ssd, s.ssd(), "ssd_forward_" + suffix,
         {s.batch * s.heads, 128, bytesOfSsd(s, projected.element_size(), false)}, pointerTo(result.mixed),
         partOf(projected, s.dt()), stride, pointerTo(given.dtBias), pointerTo(given.logA), pointerTo(given.skip),
         pointerTo(result.y), pointerTo(result.states), length, heads, chunks, reversed);
  const long rows = s.batch * s.length;
  launch(KernelModule::gatedNorm, s.norm(), "gated_norm_" + suffix, {(rows + 3) / 4, 128}, pointerTo(result.y),
         partOf(projected, 0), stride, pointerTo(given.normWeight), pointerTo(result.out), rows);
  return result;
}

class Mamba2 : public torch::autograd::Function<Mamba2> {
 public:
  static Tensor forward(torch::autograd::AutogradContext* context, const Tensor& projected, const Tensor& convWeight,
                        const Tensor& convBias, const Tensor& dtBias, const Tensor& logA, const Tensor& skip,
                        const Tensor& normWeight, int64_t heads, int64_t width, int64_t state, bool isReversed) {
    at::AutoDispatchBelowADInplaceOrView below;
    const auto shape = shapeOf(projected, convWeight, heads, width, state);
    const auto given = inFloat32(convWeight, convBias, dtBias, logA, skip, normWeight);
    auto result = compute(projected, given, shape, isReversed, true);
    context->save_for_backward(
        {projected, convWeight, convBias, dtBias, logA, skip, normWeight, result.mixed, result.y, result.states});
    context->saved_data["heads"] = heads;
    context->saved_data["width"] = width;
    context->saved_data["state"] = state;
    context->saved_data["isReversed"] = isReversed;
    return result.out;
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 const torch::autograd::variable_list& gradients) {
    const auto saved = context->get_saved_variables();
    const auto& projected = saved[0];
    const c10::DeviceGuard guard(projected.device());
    const auto s = shapeOf(projected, saved[1], context->saved_data["heads"].toInt(),
                           context->saved_data["width"].toInt(), context->saved_data["state"].toInt());
    const auto given = inFloat32(saved[1], saved[2], saved[3], saved[4], saved[5], saved[6]);
    const auto &mixed = saved[7], &y = saved[8], &states = saved[9];
    const auto incoming = gradients[0].to(projected.scalar_type()).contiguous();
    const std::string suffix = suffixOf(projected);
    const long stride = projected.size(2), rows = s.batch * s.length;
    const int reversed = context->saved_data["isReversed"].toBool(), length = s.length, heads = s.heads;
    const auto wide = projected.options().dtype(at::kFloat);
    const auto byProjected = at::empty_like(projected);

    const auto byY = at::empty_like(y);
    const int64_t blocks = std::min<int64_t>((rows + 3) / 4, 396);
    const auto byNorm = at::empty({blocks, s.inner()}, wide);
    launch(KernelModule::gatedNorm, s.norm(), "gated_norm_backward_" + suffix, {blocks, 128, s.inner() * 4},
           pointerTo(y), partOf(projected, 0), stride, pointerTo(given.normWeight), pointerTo(incoming), pointerTo(byY),
           partOf(byProjected, 0), pointerTo(byNorm), rows);

    const auto byX = at::empty_like(y);
    const auto byMixed = at::empty({s.batch, s.heads, s.length, 2 * s.state}, projected.options());
    const auto perHead = at::empty({3, s.batch, s.heads}, wide);
    const int chunks = s.chunks();
    launch(KernelModule::ssd, s.ssd(), "ssd_backward_" + suffix,
           {s.batch * s.heads, 128, bytesOfSsd(s, projected.element_size(), true)}, pointerTo(mixed),
           partOf(projected, s.dt()), stride, pointerTo(given.dtBias), pointerTo(given.logA), pointerTo(given.skip),
           pointerTo(states), pointerTo(byY), pointerTo(byX), pointerTo(byMixed), partOf(byProjected, s.dt()),
           pointerTo(perHead), length, heads, chunks, reversed);

    const int channels = s.convolved(), inner = s.inner(), runs = (s.length + RUN_BACK - 1) / RUN_BACK;
    const auto byTaps = at::empty({s.batch * runs, s.convolved(), s.taps + 1}, wide);
    const long threads = s.batch * runs * (channels / 4);
    launch(KernelModule::causalConvolution, s.convolution(), "convolve_backward_" + suffix,
           {(threads + 127) / 128, 128}, partOf(projected, s.inner()), partOf(byProjected, s.inner()), stride,
           pointerTo(given.convWeight), pointerTo(given.convBias), pointerTo(byX), pointerTo(byMixed),
           pointerTo(byTaps), length, channels, inner, heads, runs, threads, reversed);

    const auto taps = byTaps.sum(0), sums = perHead.sum(1);
    const auto like = [&](const Tensor& gradient, int parameter) {
      return gradient.reshape(saved[parameter].sizes()).to(saved[parameter].scalar_type());
    };
    return {byProjected,
            like(taps.slice(1, 0, s.taps), 1),
            like(taps.select(1, s.taps), 2),
            like(sums[1], 3),
            like(sums[0] * -given.logA.exp(), 4),
            like(sums[2], 5),
            like(byNorm.sum(0), 6),
            Tensor(), Tensor(), Tensor(), Tensor()};
  }
};

Tensor mamba2(const Tensor& projected, const Tensor& convWeight, const Tensor& convBias, const Tensor& dtBias,
              const Tensor& logA, const Tensor& skip, const Tensor& normWeight, int64_t heads, int64_t width,
              int64_t state, bool isReversed) {
  const auto shape = shapeOf(projected, convWeight, heads, width, state);
  const auto given = inFloat32(convWeight, convBias, dtBias, logA, skip, normWeight);
  return compute(projected, given, shape, isReversed, false).out;
}

Tensor mamba2Autograd(const Tensor& projected, const Tensor& convWeight, const Tensor& convBias, const Tensor& dtBias,
                      const Tensor& logA, const Tensor& skip, const Tensor& normWeight, int64_t heads, int64_t width,
                      int64_t state, bool isReversed) {
  if (!c10::GradMode::is_enabled()) {
    at::AutoDispatchBelowADInplaceOrView below;
    return mamba2(projected, convWeight, convBias, dtBias, logA, skip, normWeight, heads, width, state, isReversed);
  }
  return Mamba2::apply(projected, convWeight, convBias, dtBias, logA, skip, normWeight, heads, width, state,
                       isReversed);
}

}  // namespace

TORCH_LIBRARY_FRAGMENT(bgb, library) {
  library.def(
      "mamba2(Tensor projected, Tensor conv_weight, Tensor conv_bias, Tensor dt_bias, Tensor log_a, Tensor skip, "
      "Tensor norm_weight, int heads, int width, int state, bool reversed) -> Tensor");
}
TORCH_LIBRARY_IMPL(bgb, CUDA, library) { library.impl("mamba2", mamba2); }
TORCH_LIBRARY_IMPL(bgb, AutogradCUDA, library) { library.impl("mamba2", mamba2Autograd); }

}  // namespace bgb
