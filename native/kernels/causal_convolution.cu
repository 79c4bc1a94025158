R"cuda(// The causal depthwise convolution over time of Mamba-2 with SiLU, and its gradients.
//
// A thread walks over RUN steps of V neighbouring channels and keeps the last TAPS inputs in registers.
// Set at compile time: TAPS.
#define RUN 32
#define RUN_BACK 96

template <class T, int V>
struct Taps {
  float weight[TAPS][V];
  float bias[V];

  // weights (channels, TAPS); the last tap weighs the present.
  __device__ Taps(const float* weights, const float* biases, int channel) {
#pragma unroll
    for (int v = 0; v < V; v++) {
      bias[v] = biases[channel + v];
#pragma unroll
      for (int k = 0; k < TAPS; k++) weight[k][v] = weights[(channel + v) * TAPS + k];
    }
  }
};

// from (batch, length, stride), the channels that are convolved first; to (batch, length, channels).
template <class T>
__device__ void convolve(const T* from, long stride, const float* weights, const float* biases, T* to, int length,
                         int channels, int runs, long count, int isReversed) {
  constexpr int V = 8;
  const long index = blockIdx.x * 128l + threadIdx.x;
  if (index >= count) return;
  const int groups = channels / V, channel = index % groups * V, start = index / groups % runs * RUN;
  const long window = index / groups / runs;
  const Taps<T, V> taps(weights, biases, channel);
  from += window * length * stride + channel;
  to += window * length * channels + channel;
  float seen[TAPS][V];
#pragma unroll
  for (int k = 1; k < TAPS; k++) {
    const int step = start - TAPS + k;
#pragma unroll
    for (int v = 0; v < V; v++) seen[k][v] = 0.0f;
    if (step >= 0) {
      const T* at = from + (isReversed ? length - 1 - step : step) * stride;
#pragma unroll
      for (int half = 0; half < V; half += 16 / sizeof(T)) {
        const auto values = load<T, 16 / sizeof(T)>(at + half);
#pragma unroll
        for (int v = 0; v < 16 / sizeof(T); v++) seen[k][half + v] = wide(values.at[v]);
      }
    }
  }
  const int end = start + RUN < length ? start + RUN : length;
#pragma unroll 4
  for (int step = start; step < end; step++) {
    const long row = isReversed ? length - 1 - step : step;
#pragma unroll
    for (int half = 0; half < V; half += 16 / sizeof(T)) {
      const auto values = load<T, 16 / sizeof(T)>(from + row * stride + half);
      Vector<T, 16 / sizeof(T)> result;
#pragma unroll
      for (int v = 0; v < 16 / sizeof(T); v++) {
        const int w = half + v;
        float sum = taps.bias[w];
#pragma unroll
        for (int k = 0; k < TAPS; k++) {
          if (k + 1 < TAPS) seen[k][w] = seen[k + 1][w];
          else seen[k][w] = wide(values.at[v]);
          sum += taps.weight[k][w] * seen[k][w];
        }
        result.at[v] = narrow<T>(sum * sigmoid(sum));
      }
      store<T, 16 / sizeof(T)>(to + row * channels + half, result);
    }
  }
}

// The gradients come in two parts: dx (batch, length, inner) for the first `inner` channels, and for the rest a
// share of each head, dmixed (batch, heads, length, channels - inner). partial (batch * runs, channels, TAPS + 1)
// takes this run's sums for weights and bias.
template <class T>
__device__ void convolveBackward(const T* from, T* dfrom, long stride, const float* weights, const float* biases,
                                 const T* dx, const T* dmixed, float* partial, int length, int channels, int inner,
                                 int heads, int runs, long count, int isReversed) {
  constexpr int V = 4;
  const long index = blockIdx.x * 128l + threadIdx.x;
  if (index >= count) return;
  const int groups = channels / V, channel = index % groups * V, start = index / groups % runs * RUN_BACK;
  const long window = index / groups / runs;
  const Taps<T, V> taps(weights, biases, channel);
  from += window * length * stride + channel;
  dfrom += window * length * stride + channel;
  const bool isShared = channel >= inner;
  const int rest = channels - inner;
  const T* gradients = isShared ? dmixed + window * heads * length * rest + channel - inner
                                : dx + window * length * inner + channel;

  float seen[TAPS][V], active[TAPS][V], byWeight[TAPS][V], byBias[V];
#pragma unroll
  for (int v = 0; v < V; v++) {
    byBias[v] = 0.0f;
#pragma unroll
    for (int k = 0; k < TAPS; k++) seen[k][v] = active[k][v] = byWeight[k][v] = 0.0f;
  }
#pragma unroll
  for (int k = 1; k < TAPS; k++) {
    const int step = start - TAPS + k;
    if (step < 0) continue;
    const auto values = load<T, V>(from + (isReversed ? length - 1 - step : step) * stride);
#pragma unroll
    for (int v = 0; v < V; v++) seen[k][v] = wide(values.at[v]);
  }
  const int end = start + RUN_BACK < length ? start + RUN_BACK : length;
  for (int step = start; step < end + TAPS - 1; step++) {
    // The gradient by the sum before SiLU, of this step; past the run only its way back into the run counts.
#pragma unroll
    for (int k = 0; k + 1 < TAPS; k++) {
#pragma unroll
      for (int v = 0; v < V; v++) {
        seen[k][v] = seen[k + 1][v];
        active[k][v] = active[k + 1][v];
      }
    }
    if (step < length) {
      const long row = isReversed ? length - 1 - step : step;
      const auto values = load<T, V>(from + row * stride);
      float gradient[V];
      if (isShared) {
#pragma unroll
        for (int v = 0; v < V; v++) gradient[v] = 0.0f;
        for (int head = 0; head < heads; head++) {
          const auto share = load<T, V>(gradients + (static_cast<long>(head) * length + row) * rest);
#pragma unroll
          for (int v = 0; v < V; v++) gradient[v] += wide(share.at[v]);
        }
      } else {
        const auto share = load<T, V>(gradients + row * inner);
#pragma unroll
        for (int v = 0; v < V; v++) gradient[v] = wide(share.at[v]);
      }
#pragma unroll
      for (int v = 0; v < V; v++) {
        seen[TAPS - 1][v] = wide(values.at[v]);
        float sum = taps.bias[v];
#pragma unroll
        for (int k = 0; k < TAPS; k++) sum += taps.weight[k][v] * seen[k][v];
        const float gate = sigmoid(sum);
        active[TAPS - 1][v] = gradient[v] * gate * (1.0f + sum * (1.0f - gate));
        if (step < end) {
          byBias[v] += active[TAPS - 1][v];
#pragma unroll
          for (int k = 0; k < TAPS; k++) byWeight[k][v] += active[TAPS - 1][v] * seen[k][v];
        }
      }
    } else {
#pragma unroll
      for (int v = 0; v < V; v++) seen[TAPS - 1][v] = active[TAPS - 1][v] = 0.0f;
    }
    const int target = step - (TAPS - 1);
    if (target >= start && target < end) {
      Vector<T, V> result;
#pragma unroll
      for (int v = 0; v < V; v++) {
        float sum = 0.0f;
#pragma unroll
        for (int k = 0; k < TAPS; k++) sum += taps.weight[TAPS - 1 - k][v] * active[k][v];
        result.at[v] = narrow<T>(sum);
      }
      store<T, V>(dfrom + (isReversed ? length - 1 - target : target) * stride, result);
    }
  }
  partial += (index / groups * channels + channel) * (TAPS + 1);
#pragma unroll
  for (int v = 0; v < V; v++) {
#pragma unroll
    for (int k = 0; k < TAPS; k++) partial[v * (TAPS + 1) + k] = byWeight[k][v];
    partial[v * (TAPS + 1) + TAPS] = byBias[v];
  }
}

#define ENTRIES(T, SUFFIX)                                                                                          \
  extern "C" __global__ void __launch_bounds__(128) convolve_##SUFFIX(                                               \
      const T* from, long stride, const float* weights, const float* biases, T* to, int length, int channels,        \
      int runs, long count, int isReversed) {                                                                        \
    convolve<T>(from, stride, weights, biases, to, length, channels, runs, count, isReversed);                       \
  }                                                                                                                  \
  extern "C" __global__ void __launch_bounds__(128) convolve_backward_##SUFFIX(                                      \
      const T* from, T* dfrom, long stride, const float* weights, const float* biases, const T* dx, const T* dmixed, \
      float* partial, int length, int channels, int inner, int heads, int runs, long count, int isReversed) {        \
    convolveBackward<T>(from, dfrom, stride, weights, biases, dx, dmixed, partial, length, channels, inner, heads,   \
                        runs, count, isReversed);                                                                    \
  }
ENTRIES(float, float32)
ENTRIES(bf16, bfloat16)
)cuda"
