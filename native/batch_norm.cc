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

constexpr size_t MOST_PROCESSES = 64;  // as in the kernel
struct Shares {
  float of[MOST_PROCESSES];
};

constexpr int64_t BLOCKS = 792;  // a few a multiprocessor; fixed, so that sums do not depend on the GPU

struct Sizes {
  int64_t channels, rows, blocks;
  Defines defines() const { return {{"CHANNELS", channels}}; }
  int64_t sharedBytes() const { return 256 / (channels / 8) * 2 * channels * 4; }
  Grid wide(bool hasSums) const { return {blocks, 256, hasSums ? sharedBytes() : 0}; }
  Grid perChannel() const { return {(channels + 31) / 32, 256, 2 * 8 * 32 * 4}; }
  Grid joining() const { return {(channels + 255) / 256, 256}; }
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
      TORCH_CHECK(counts.size() == static_cast<size_t>(group->size()) && counts.size() <= MOST_PROCESSES,
                  "bgb::batch_norm: expected a count for each of ", group->size(), " processes, at most ",
                  MOST_PROCESSES, ", found ", counts);
      const double total = totalOf(counts);
      Shares shares{};
      for (size_t rank = 0; rank < counts.size(); rank++) shares.of[rank] = static_cast<float>(counts[rank] / total);
      const auto all = group->allGather(saved);
      saved = at::empty_like(saved);
      launch(KernelModule::batchNorm, sizes.defines(), "join_statistics", sizes.joining(), pointerTo(all), shares,
             static_cast<int>(counts.size()), offset.has_value() ? pointerTo(*offset) : nullptr, pointerTo(saved),
             pointerTo(runningMean), pointerTo(runningVariance), static_cast<float>(momentum),
             static_cast<float>(epsilon), static_cast<float>(total > 1 ? total / (total - 1) : 1));
      context->saved_data["counts"] = counts[group->rank()] > 0;
      context->saved_data["total"] = total;
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
    const auto groupId = context->saved_data["group"].toInt();
    const auto sums = groupId == 0 ? byChannel : at::empty_like(byChannel);
    launch(KernelModule::batchNorm, sizes.defines(), "finish_gradients", sizes.perChannel(), pointerTo(partial),
           static_cast<int>(sizes.blocks), pointerTo(byChannel), groupId == 0 ? nullptr : pointerTo(sums));
    if (groupId != 0) processGroup(groupId)->allReduce(sums);
    const double total = groupId == 0 ? rows : context->saved_data["total"].toDouble();
    launch(KernelModule::batchNorm, sizes.defines(), nameOf("gradient_by_input", hasRelu, x), sizes.wide(false),
           pointerTo(x), pointerTo(dy), pointerTo(statistics), pointerTo(weight), pointerTo(bias), pointerTo(sums),
           static_cast<float>(total), pointerTo(dx), rows);
    if (groupId != 0 && !context->saved_data["counts"].toBool()) dx.zero_();
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
