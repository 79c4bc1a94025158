// Statistics of batch normalisation over the windows of several processes.
#pragma once
#include "process_group.h"

#include <ATen/ATen.h>

#include <numeric>

namespace bgb {

struct JointStatistics {
  at::Tensor mean;     // (C)
  at::Tensor inverse;  // (C), 1 / sqrt(variance + epsilon)
};

inline double totalOf(at::IntArrayRef counts) {
  return static_cast<double>(std::accumulate(counts.begin(), counts.end(), int64_t{0}));
}

// Joins the means and biased variances of all processes, own (2, C), with n_r elements a channel in process r (Chan et
// al. 1979): m = sum n_r m_r / n, v = sum n_r (v_r + (m_r - m)^2) / n, in the order of the ranks, so that all have the
// same bits. The running ones move as those of one process with all elements do.
inline JointStatistics joinStatistics(const at::Tensor& own, at::IntArrayRef counts, ProcessGroup& group,
                                      double epsilon, const at::Tensor& runningMean,
                                      const at::Tensor& runningVariance, double momentum) {
  const auto all = group.allGather(own.contiguous());
  const auto total = totalOf(counts);
  // Weights as numbers: a tensor of them would have to be sent to the device, which waits for it.
  const auto mean = at::zeros_like(own[0]), variance = at::zeros_like(own[0]);
  for (size_t rank = 0; rank < counts.size(); rank++) mean.add_(all[rank][0], counts[rank] / total);
  for (size_t rank = 0; rank < counts.size(); rank++)
    variance.add_(all[rank][1] + (all[rank][0] - mean).square(), counts[rank] / total);
  const double unbiased = total > 1 ? total / (total - 1) : 1;
  runningMean.mul_(1 - momentum).add_(mean.to(runningMean.scalar_type()), momentum);
  runningVariance.mul_(1 - momentum).add_(variance.to(runningVariance.scalar_type()), momentum * unbiased);
  return {mean, (variance + epsilon).rsqrt()};
}

}  // namespace bgb
