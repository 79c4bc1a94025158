// bgb::sync_batch_norm: batch normalisation (Ioffe and Szegedy 2015) whose statistics are over the windows of all
// processes, so that N processes with a share of a batch each compute what one computes with all of it.
//
// Forward: joint_statistics.h. Backward, with n elements a channel in all and x^ = (x - m) / sqrt(v + eps):
//   dx = w / sqrt(v + eps) * (dy - sum dy / n - x^ * sum(dy x^) / n), sums over all processes.
// Gradients of weight and bias are this process's own; they are summed with all others.
//
// A process with nothing of this batch runs along with any input and a count of 0: its statistics do not count.
#include "joint_statistics.h"

#include <torch/csrc/autograd/custom_function.h>
#include <torch/library.h>

namespace bgb {

namespace {

using at::Tensor;

const std::vector<int64_t> overAllButChannels{0, 2, 3};

// (C) -> (1, C, 1, 1)
Tensor spread(const Tensor& perChannel) { return perChannel.view({1, -1, 1, 1}); }

class SyncBatchNorm : public torch::autograd::Function<SyncBatchNorm> {
 public:
  static Tensor forward(torch::autograd::AutogradContext* context, const Tensor& input, const Tensor& weight,
                        const Tensor& bias, const Tensor& runningMean, const Tensor& runningVariance,
                        at::IntArrayRef counts, double momentum, double epsilon, int64_t groupId) {
    at::AutoDispatchBelowADInplaceOrView below;
    const auto group = processGroup(groupId);
    TORCH_CHECK(input.dim() == 4 && static_cast<int64_t>(counts.size()) == group->size(),
                "bgb::sync_batch_norm: expected (B, C, 1, T) and a count for each of ", group->size(),
                " processes, found ", input.sizes(), " and ", counts);
    const auto wide = input.scalar_type() == at::kDouble ? input : input.to(at::kFloat);
    const auto own =
        at::stack({wide.mean(overAllButChannels), wide.var(overAllButChannels, /*unbiased=*/false)});
    const auto [mean, inverse] =
        joinStatistics(own, counts, *group, epsilon, runningMean, runningVariance, momentum);
    const auto scale = inverse * weight;
    context->save_for_backward({input, weight, mean, inverse});
    context->saved_data["group"] = groupId;
    context->saved_data["counts"] = counts[group->rank()] > 0;
    context->saved_data["total"] = totalOf(counts);
    return (wide * spread(scale) + spread(bias - mean * scale)).to(input.scalar_type());
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 const torch::autograd::variable_list& gradients) {
    const auto saved = context->get_saved_variables();
    const auto &input = saved[0], &weight = saved[1], &mean = saved[2], &inverse = saved[3];
    const auto group = processGroup(context->saved_data["group"].toInt());
    const auto gradient = gradients[0].to(mean.dtype());
    const auto normalised = (input.to(mean.dtype()) - spread(mean)) * spread(inverse);
    const auto own = at::stack({gradient.sum(overAllButChannels), (gradient * normalised).sum(overAllButChannels)});
    const auto sums = own.clone();
    group->allReduce(sums);
    const auto means = sums / context->saved_data["total"].toDouble();
    // What does not count had no part in the statistics, and they have none in its gradient.
    const auto byInput = context->saved_data["counts"].toBool()
                             ? spread(weight * inverse) *
                                   (gradient - spread(means[0]) - normalised * spread(means[1]))
                             : at::zeros_like(gradient);
    return {byInput.to(input.dtype()), own[1].to(weight.dtype()), own[0].to(weight.dtype()), Tensor(), Tensor(),
            Tensor(), Tensor(), Tensor(), Tensor()};
  }
};

Tensor syncBatchNorm(const Tensor& input, const Tensor& weight, const Tensor& bias, const Tensor& runningMean,
                     const Tensor& runningVariance, at::IntArrayRef counts, double momentum, double epsilon,
                     int64_t group) {
  return SyncBatchNorm::apply(input, weight, bias, runningMean, runningVariance, counts, momentum, epsilon, group);
}

}  // namespace

TORCH_LIBRARY_FRAGMENT(bgb, library) {
  library.def(
      "sync_batch_norm(Tensor input, Tensor weight, Tensor bias, Tensor(a!) running_mean, Tensor(b!) running_var, "
      "int[] counts, float momentum, float eps, int group) -> Tensor");
}
TORCH_LIBRARY_IMPL(bgb, Autograd, library) { library.impl("sync_batch_norm", syncBatchNorm); }

}  // namespace bgb
