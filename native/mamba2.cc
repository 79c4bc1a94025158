// bgb::mamba2, what is between the projections of one Mamba-2 (Dao and Gu 2024), or of one in each direction of
// time, on CUDA: causal depthwise convolution with SiLU, SSD with skip term, gate, RMS norm. Its twin in ATen
// operators is Mamba2.mix of src/nn/mamba2.ts, which every other device and dtype takes.
//
// For each direction the last dimension of `projected` has z (inner), x (inner), B (state), C (state), step sizes
// (heads). The gradient is written into one tensor of that form, without a copy for each part.
#include "cuda_kernels.h"

#include <ATen/ATen.h>
#include <c10/core/DeviceGuard.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/library.h>

namespace bgb {

namespace {

using at::Tensor;

constexpr int64_t CHUNK = 64, RUN = 64, RUN_BACK = 96;  // as in kernels/
constexpr int64_t NORM_BLOCKS = 1056;                   // fixed, so that sums do not depend on the GPU

// Each with the directions first; float32.
struct Parameters {
  Tensor convWeight, convBias, dtBias, logA, skip, normWeight;
};

struct Sizes {
  int64_t batch, length, directions, heads, width, state, taps;
  bool startsReversed;

  int64_t inner() const { return heads * width; }
  int64_t convolved() const { return inner() + 2 * state; }
  int64_t projected() const { return inner() + convolved() + heads; }
  int64_t chunks() const { return (length + CHUNK - 1) / CHUNK; }
  int64_t sequences() const { return batch * directions; }
  int64_t rows() const { return batch * length; }

  Defines ssd() const { return {{"P", width}, {"N", state}}; }
  Defines norm() const { return {{"WIDTH", inner()}}; }
  Defines convolution() const { return {{"TAPS", taps}}; }

  // Shared memory of the SSD, as its kernels lay it out.
  int64_t sharedBytes(int64_t size, bool isBackward) const {
    const int64_t pad = 16 / size, x = CHUNK * (width + pad), b = CHUNK * (state + pad), m = CHUNK * (CHUNK + pad),
                  entering = state * (width + pad);
    return isBackward ? size * (2 * x + 3 * b + 2 * m + 2 * entering) + 4 * (9 * CHUNK + 4)
                      : size * (x + 2 * b + (size == 4 ? m : b) + entering) + 4 * 2 * CHUNK;
  }
};

Sizes sizesOf(const Tensor& projected, const Parameters& given, int64_t heads, int64_t width, int64_t state,
              bool startsReversed) {
  const Sizes sizes{projected.size(0), projected.size(1), given.dtBias.size(0), heads, width, state,
                    given.convWeight.size(-1), startsReversed};
  const auto expected = sizes.directions * sizes.projected();
  TORCH_CHECK(projected.is_cuda() && projected.is_contiguous() && projected.size(2) == expected,
              "bgb::mamba2: expected a contiguous CUDA tensor (B, L, ", expected, "), found ", projected.sizes());
  TORCH_CHECK(width % 16 == 0 && state % 16 == 0 && state <= 64 && sizes.inner() % 128 == 0 &&
                  sizes.projected() * projected.element_size() % 16 == 0,
              "bgb::mamba2: no kernel for heads ", heads, ", head's width ", width, ", state ", state);
  return sizes;
}

void* partOf(const Tensor& projected, int64_t column) {
  return static_cast<char*>(projected.data_ptr()) + column * projected.element_size();
}

Parameters inFloat32(const Tensor& convWeight, const Tensor& convBias, const Tensor& dtBias, const Tensor& logA,
                     const Tensor& skip, const Tensor& normWeight) {
  const auto prepare = [](const Tensor& tensor) { return tensor.to(at::kFloat).contiguous(); };
  return {prepare(convWeight), prepare(convBias), prepare(dtBias), prepare(logA), prepare(skip), prepare(normWeight)};
}

struct Forward {
  Tensor out, mixed, y, states;
};

Forward compute(const Tensor& projected, const Parameters& given, const Sizes& s, bool keepsStates) {
  const c10::DeviceGuard guard(projected.device());
  const std::string suffix = suffixOf(projected);
  const long stride = projected.size(2), perDirection = s.projected(), rows = s.rows(), length = s.length;
  const int steps = s.length, heads = s.heads, chunks = s.chunks(), directions = s.directions,
            reversed = s.startsReversed, channels = s.convolved(), runs = (s.length + RUN - 1) / RUN;
  Forward result;
  result.mixed = at::empty({s.sequences(), s.length, s.convolved()}, projected.options());
  result.y = at::empty({s.sequences(), s.length, s.inner()}, projected.options());
  result.out = at::empty({s.batch, s.length, s.directions * s.inner()}, projected.options());
  if (keepsStates)
    result.states = at::empty({s.sequences() * s.heads, s.chunks(), s.state, s.width}, projected.options());

  const long threads = s.sequences() * runs * (channels / 4);
  launch(KernelModule::causalConvolution, s.convolution(), "convolve_" + suffix, {(threads + 127) / 128, 128},
         partOf(projected, s.inner()), stride, pointerTo(given.convWeight), pointerTo(given.convBias),
         pointerTo(result.mixed), steps, channels, runs, threads, directions, perDirection, reversed);
  launch(KernelModule::ssd, s.ssd(), "ssd_forward_" + suffix,
         {s.sequences() * s.heads, 128, s.sharedBytes(projected.element_size(), false)}, pointerTo(result.mixed),
         partOf(projected, s.inner() + s.convolved()), stride, pointerTo(given.dtBias), pointerTo(given.logA),
         pointerTo(given.skip), pointerTo(result.y), pointerTo(result.states), steps, heads, chunks, directions,
         perDirection, reversed);
  launch(KernelModule::gatedNorm, s.norm(), "gated_norm_" + suffix, {(rows + 3) / 4 * directions, 128},
         pointerTo(result.y), partOf(projected, 0), stride, pointerTo(given.normWeight), pointerTo(result.out), rows,
         length, directions, perDirection);
  return result;
}

class Mamba2 : public torch::autograd::Function<Mamba2> {
 public:
  static Tensor forward(torch::autograd::AutogradContext* context, const Tensor& projected, const Tensor& convWeight,
                        const Tensor& convBias, const Tensor& dtBias, const Tensor& logA, const Tensor& skip,
                        const Tensor& normWeight, int64_t heads, int64_t width, int64_t state, bool startsReversed) {
    at::AutoDispatchBelowADInplaceOrView below;
    const auto given = inFloat32(convWeight, convBias, dtBias, logA, skip, normWeight);
    const auto result = compute(projected, given, sizesOf(projected, given, heads, width, state, startsReversed), true);
    context->save_for_backward(
        {projected, convWeight, convBias, dtBias, logA, skip, normWeight, result.mixed, result.y, result.states});
    context->saved_data["heads"] = heads;
    context->saved_data["width"] = width;
    context->saved_data["state"] = state;
    context->saved_data["startsReversed"] = startsReversed;
    return result.out;
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 const torch::autograd::variable_list& gradients) {
    const auto saved = context->get_saved_variables();
    const auto& projected = saved[0];
    const c10::DeviceGuard guard(projected.device());
    const auto given = inFloat32(saved[1], saved[2], saved[3], saved[4], saved[5], saved[6]);
    const auto s = sizesOf(projected, given, context->saved_data["heads"].toInt(),
                           context->saved_data["width"].toInt(), context->saved_data["state"].toInt(),
                           context->saved_data["startsReversed"].toBool());
    const auto &mixed = saved[7], &y = saved[8], &states = saved[9];
    const auto incoming = gradients[0].to(projected.scalar_type()).contiguous();
    const std::string suffix = suffixOf(projected);
    const long stride = projected.size(2), perDirection = s.projected(), rows = s.rows(), length = s.length;
    const int steps = s.length, heads = s.heads, chunks = s.chunks(), directions = s.directions,
              reversed = s.startsReversed, channels = s.convolved(), inner = s.inner(),
              runs = (s.length + RUN_BACK - 1) / RUN_BACK;
    const auto wide = projected.options().dtype(at::kFloat);
    const auto byProjected = at::empty_like(projected);

    const auto byY = at::empty_like(y);
    const int64_t blocks = std::min(rows, NORM_BLOCKS);
    const auto byNorm = at::empty({blocks, s.directions, s.inner()}, wide);
    launch(KernelModule::gatedNorm, s.norm(), "gated_norm_backward_" + suffix, {blocks * s.directions, 128},
           pointerTo(y), partOf(projected, 0), stride, pointerTo(given.normWeight), pointerTo(incoming),
           pointerTo(byY), partOf(byProjected, 0), pointerTo(byNorm), rows, length, directions, perDirection);

    const auto byX = at::empty_like(y);
    const auto byMixed = at::empty({s.sequences(), s.heads, s.length, 2 * s.state}, projected.options());
    const auto perHead = at::empty({3, s.batch, s.directions, s.heads}, wide);
    launch(KernelModule::ssd, s.ssd(), "ssd_backward_" + suffix,
           {s.sequences() * s.heads, 128, s.sharedBytes(projected.element_size(), true)}, pointerTo(mixed),
           partOf(projected, s.inner() + s.convolved()), stride, pointerTo(given.dtBias), pointerTo(given.logA),
           pointerTo(given.skip), pointerTo(states), pointerTo(byY), pointerTo(byX), pointerTo(byMixed),
           partOf(byProjected, s.inner() + s.convolved()), pointerTo(perHead), steps, heads, chunks, directions,
           perDirection, reversed);

    const auto byRest = at::empty({s.sequences(), s.length, 2 * s.state}, projected.options());
    const long ofHead = s.length * 2 * s.state, all = byRest.numel(), perBlock = 128 * 16 / projected.element_size();
    launch(KernelModule::causalConvolution, s.convolution(), "add_heads_" + suffix,
           {(all + perBlock - 1) / perBlock, 128}, pointerTo(byMixed), pointerTo(byRest), heads, ofHead, all);
    const auto byTaps = at::empty({s.batch, s.directions, runs, s.convolved(), s.taps + 1}, wide);
    const long threads = s.sequences() * runs * (channels / 4);
    launch(KernelModule::causalConvolution, s.convolution(), "convolve_backward_" + suffix,
           {(threads + 127) / 128, 128}, partOf(projected, s.inner()), partOf(byProjected, s.inner()), stride,
           pointerTo(given.convWeight), pointerTo(given.convBias), pointerTo(byX), pointerTo(byRest),
           pointerTo(byTaps), steps, channels, inner, runs, threads, directions, perDirection, reversed);

    const auto taps = byTaps.sum(2).sum(0), sums = perHead.sum(1);
    const auto like = [&](const Tensor& gradient, int parameter) {
      return gradient.reshape(saved[parameter].sizes()).to(saved[parameter].scalar_type());
    };
    return {byProjected,
            like(taps.slice(2, 0, s.taps), 1),
            like(taps.select(2, s.taps), 2),
            like(sums[1], 3),
            like(sums[0] * -given.logA.exp(), 4),
            like(sums[2], 5),
            like(byNorm.sum(0), 6),
            Tensor(), Tensor(), Tensor(), Tensor()};
  }
};

Tensor mamba2(const Tensor& projected, const Tensor& convWeight, const Tensor& convBias, const Tensor& dtBias,
              const Tensor& logA, const Tensor& skip, const Tensor& normWeight, int64_t heads, int64_t width,
              int64_t state, bool startsReversed) {
  const auto given = inFloat32(convWeight, convBias, dtBias, logA, skip, normWeight);
  return compute(projected, given, sizesOf(projected, given, heads, width, state, startsReversed), false).out;
}

Tensor mamba2Autograd(const Tensor& projected, const Tensor& convWeight, const Tensor& convBias, const Tensor& dtBias,
                      const Tensor& logA, const Tensor& skip, const Tensor& normWeight, int64_t heads, int64_t width,
                      int64_t state, bool startsReversed) {
  if (!c10::GradMode::is_enabled()) {
    at::AutoDispatchBelowADInplaceOrView below;
    return mamba2(projected, convWeight, convBias, dtBias, logA, skip, normWeight, heads, width, state,
                  startsReversed);
  }
  return Mamba2::apply(projected, convWeight, convBias, dtBias, logA, skip, normWeight, heads, width, state,
                       startsReversed);
}

}  // namespace

TORCH_LIBRARY_FRAGMENT(bgb, library) {
  library.def(
      "mamba2(Tensor projected, Tensor conv_weight, Tensor conv_bias, Tensor dt_bias, Tensor log_a, Tensor skip, "
      "Tensor norm_weight, int heads, int width, int state, bool starts_reversed) -> Tensor");
}
TORCH_LIBRARY_IMPL(bgb, CUDA, library) { library.impl("mamba2", mamba2); }
TORCH_LIBRARY_IMPL(bgb, AutogradCUDA, library) { library.impl("mamba2", mamba2Autograd); }

}  // namespace bgb
