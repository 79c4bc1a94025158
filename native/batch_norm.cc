// bgb::batch_norm, batch normalisation of (B, C, 1, T) in channels-last order with or without ReLU, on CUDA. Its
// twin is aten::batch_norm with aten::relu (src/nn/normalised-convolution.ts).
//
// `offset` is the bias of the convolution before, left out of x. In training the batch's mean takes it away again,
// so it only moves the running mean; its gradient is exactly 0, of which the twin computes rounding errors.
//
// With a `group` of processes, statistics are over the windows of all, as in sync_batch_norm.cc, its twin; `counts` are
// the elements a channel that each has.
#include "cuda_kernels.h"
#include "joint_statistics.h"

#include <ATen/ATen.h>
#include <c10/core/DeviceGuard.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/library.h>

namespace bgb {

namespace {

using at::Tensor;

constexpr int64_t BLOCKS = 792;  // a few a multiprocessor; fixed, so that sums do not depend on the GPU

struct Sizes {
  int64_t channels, rows, blocks;
  Defines defines() const { return {{"CHANNELS", channels}}; }
  int64_t sharedBytes() const { return 256 / (channels / 8) * 2 * channels * 4; }
  Grid wide(bool hasSums) const { return {blocks, 256, hasSums ? sharedBytes() : 0}; }
  Grid perChannel() const { return {(channels + 31) / 32, 256, 2 * 8 * 32 * 4}; }
};

Sizes sizesOf(const Tensor& x) {
  TORCH_CHECK(x.is_cuda() && x.dim() == 4 && x.size(1) % 8 == 0 && x.size(1) <= 2048,
              "bgb::batch_norm: no kernel for ", x.sizes());
  const int64_t channels = x.size(1), rows = x.numel() / channels, atOnce = 256 / (channels / 8);
  return {channels, rows, std::min((rows + atOnce - 1) / atOnce, BLOCKS)};
}

std::string nameOf(const char* kernel, bool hasRelu, const Tensor& x) {
  return std::string(kernel) + (hasRelu ? "_relu_" : "_") + suffixOf(x);
}

Tensor normalise(const Tensor& x, const Tensor& saved, const Tensor& weight, const Tensor& bias, bool hasRelu) {
  const auto sizes = sizesOf(x);
  const auto y = at::empty_like(x);
  launch(KernelModule::batchNorm, sizes.defines(), nameOf("normalise", hasRelu, x), sizes.wide(false), pointerTo(x),
         pointerTo(saved), pointerTo(weight), pointerTo(bias), pointerTo(y), static_cast<long>(sizes.rows));
  return y;
}

class BatchNorm : public torch::autograd::Function<BatchNorm> {
 public:
  static Tensor forward(torch::autograd::AutogradContext* context, const Tensor& input,
                        const OptionalTensor& offset, const Tensor& weight, const Tensor& bias,
                        const Tensor& runningMean, const Tensor& runningVariance, double momentum, double epsilon,
                        bool hasRelu, at::IntArrayRef counts, int64_t groupId) {
    at::AutoDispatchBelowADInplaceOrView below;
    const c10::DeviceGuard guard(input.device());
    const auto x = input.contiguous(at::MemoryFormat::ChannelsLast);
    const auto sizes = sizesOf(x);
    const auto wide = x.options().dtype(at::kFloat).memory_format(at::MemoryFormat::Contiguous);
    const auto partial = at::empty({2, sizes.blocks, sizes.channels}, wide);
    auto saved = at::empty({2, sizes.channels}, wide);
    const long rows = sizes.rows;
    launch(KernelModule::batchNorm, sizes.defines(), std::string("statistics_") + suffixOf(x), sizes.wide(true),
           pointerTo(x), pointerTo(partial), rows);
    launch(KernelModule::batchNorm, sizes.defines(), std::string("finish_statistics_") + suffixOf(x),
           sizes.perChannel(), pointerTo(x), pointerTo(partial), static_cast<int>(sizes.blocks), rows,
           offset.has_value() ? pointerTo(*offset) : nullptr, pointerTo(saved),
           groupId != 0 ? nullptr : pointerTo(runningMean), pointerTo(runningVariance), static_cast<float>(momentum),
           static_cast<float>(epsilon));
    if (groupId != 0) {
      const auto group = processGroup(groupId);
      // Variances as the kernel knows them, 1 / sqrt(variance + epsilon).
      const auto own = at::stack({saved[0], saved[1].square().reciprocal() - epsilon});
      const auto seen = offset.has_value() ? runningMean - *offset : runningMean;
      const auto [mean, inverse] = joinStatistics(own, counts, *group, epsilon, seen, runningVariance, momentum);
      if (offset.has_value()) runningMean.copy_(seen + *offset);
      saved = at::stack({mean, inverse});
      context->saved_data["counts"] = counts[group->rank()] > 0;
      context->saved_data["share"] = static_cast<double>(rows) / totalOf(counts);
    }
    context->saved_data["group"] = groupId;
    context->save_for_backward({x, saved, weight, bias});
    context->saved_data["hasRelu"] = hasRelu;
    context->saved_data["hasOffset"] = offset.has_value();
    return normalise(x, saved, weight, bias, hasRelu);
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 const torch::autograd::variable_list& gradients) {
    const auto saved = context->get_saved_variables();
    const auto &x = saved[0], &statistics = saved[1], &weight = saved[2], &bias = saved[3];
    const c10::DeviceGuard guard(x.device());
    const bool hasRelu = context->saved_data["hasRelu"].toBool();
    const auto sizes = sizesOf(x);
    const auto dy = gradients[0].to(x.scalar_type()).contiguous(at::MemoryFormat::ChannelsLast);
    const auto partial = at::empty({2, sizes.blocks, sizes.channels}, weight.options());
    const auto byChannel = at::empty({2, sizes.channels}, weight.options());
    const auto dx = at::empty_like(x);
    const long rows = sizes.rows;
    launch(KernelModule::batchNorm, sizes.defines(), nameOf("gradient_sums", hasRelu, x), sizes.wide(true),
           pointerTo(x), pointerTo(dy), pointerTo(statistics), pointerTo(weight), pointerTo(bias), pointerTo(partial),
           rows);
    launch(KernelModule::batchNorm, sizes.defines(), "finish_gradients", sizes.perChannel(), pointerTo(partial),
           static_cast<int>(sizes.blocks), pointerTo(byChannel));
    auto sums = byChannel;
    if (const auto groupId = context->saved_data["group"].toInt(); groupId != 0) {
      sums = byChannel.clone();
      processGroup(groupId)->allReduce(sums);
      // The kernel takes means over this process's rows.
      sums.mul_(context->saved_data["share"].toDouble());
    }
    launch(KernelModule::batchNorm, sizes.defines(), nameOf("gradient_by_input", hasRelu, x), sizes.wide(false),
           pointerTo(x), pointerTo(dy), pointerTo(statistics), pointerTo(weight), pointerTo(bias), pointerTo(sums),
           pointerTo(dx), rows);
    if (context->saved_data["group"].toInt() != 0 && !context->saved_data["counts"].toBool()) dx.zero_();
    const auto byOffset = context->saved_data["hasOffset"].toBool() ? at::zeros_like(bias) : Tensor();
    return {dx, byOffset, byChannel[1], byChannel[0], Tensor(), Tensor(), Tensor(), Tensor(), Tensor(), Tensor(),
            Tensor()};
  }
};

Tensor batchNormAutograd(const Tensor& x, const OptionalTensor& offset, const Tensor& weight,
                         const Tensor& bias, const Tensor& runningMean, const Tensor& runningVariance, bool isTraining,
                         double momentum, double epsilon, bool hasRelu, at::IntArrayRef counts, int64_t group) {
  if (isTraining)
    return BatchNorm::apply(x, offset, weight, bias, runningMean, runningVariance, momentum, epsilon, hasRelu, counts,
                            group);
  TORCH_CHECK(!(c10::GradMode::is_enabled() && (x.requires_grad() || weight.requires_grad())),
              "bgb::batch_norm: no derivative with running statistics; use aten::batch_norm");
  const c10::DeviceGuard guard(x.device());
  const auto mean = offset.has_value() ? runningMean - *offset : runningMean;
  const auto saved = at::stack({mean, (runningVariance + epsilon).rsqrt()});
  return normalise(x.contiguous(at::MemoryFormat::ChannelsLast), saved, weight, bias, hasRelu);
}

}  // namespace

TORCH_LIBRARY_FRAGMENT(bgb, library) {
  library.def(
      "batch_norm(Tensor input, Tensor? offset, Tensor weight, Tensor bias, Tensor(a!) running_mean, "
      "Tensor(b!) running_var, bool training, float momentum, float eps, bool relu, int[] counts=[], "
      "int group=0) -> Tensor");
}
TORCH_LIBRARY_IMPL(bgb, AutogradCUDA, library) { library.impl("batch_norm", batchNormAutograd); }
TORCH_LIBRARY_IMPL(bgb, CUDA, library) { library.impl("batch_norm", batchNormAutograd); }

}  // namespace bgb
