R"cuda(// One step of AdamW (Loshchilov and Hutter 2019, algorithm 2) over a flat buffer.
// share1 and share2 are 1 - beta1 and 1 - beta2, which float32 betas would give with half the digits.
// scalars: whether the step is taken (1 or 0), learning rate, 1 - beta1^t, sqrt(1 - beta2^t), factor of gradients.
struct Step {
  float rate, correction1, correction2, factor, share1, share2, epsilon, decay;

  __device__ void take(float& value, float gradient, float& mean, float& square) const {
    const float g = gradient * factor;
    mean += (g - mean) * share1;
    square += (g * g - square) * share2;
    value *= 1.0f - rate * decay;
    value -= mean / (sqrtf(square) / correction2 + epsilon) * (rate / correction1);
  }
};

extern "C" __global__ void __launch_bounds__(256) adamw(float* values, const float* gradients, float* means,
                                                        float* squares, const float* scalars, float share1, float share2,
                                                        float epsilon, float decay, long count) {
  const long first = (blockIdx.x * 256l + threadIdx.x) * 4;
  if (first >= count || scalars[0] == 0.0f) return;
  const Step step{scalars[1], scalars[2], scalars[3], scalars[4], share1, share2, epsilon, decay};
  if (count - first < 4) {
    for (long i = first; i < count; i++) step.take(values[i], gradients[i], means[i], squares[i]);
    return;
  }
  const auto gradient = load<float, 4>(gradients + first);
  auto value = load<float, 4>(values + first), mean = load<float, 4>(means + first),
       square = load<float, 4>(squares + first);
#pragma unroll
  for (int k = 0; k < 4; k++) step.take(value.at[k], gradient.at[k], mean.at[k], square.at[k]);
  store<float, 4>(values + first, value);
  store<float, 4>(means + first, mean);
  store<float, 4>(squares + first, square);
}
)cuda"
