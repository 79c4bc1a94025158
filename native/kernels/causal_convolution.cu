R"cuda(// The causal depthwise convolution over time of Mamba-2 with SiLU, and its gradients.
//
// A thread walks over RUN steps of V neighbouring channels and keeps the last TAPS inputs in registers.
// Set at compile time: TAPS.
#define RUN 64
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

// A sequence is a window in one direction, as in ssd.cu. from (batch, length, stride): the first direction's channels
// that are convolved, the next direction's perDirection further; to (sequences, length, channels).
template <class T>
__device__ void convolve(const T* from, long stride, const float* weights, const float* biases, T* to, int length,
                         int channels, int runs, long count, int directions, long perDirection,
                         int startsReversed) {
  constexpr int V = 4;
  const long index = blockIdx.x * 128l + threadIdx.x;
  if (index >= count) return;
  const int groups = channels / V, channel = index % groups * V, start = index / groups % runs * RUN;
  const long sequence = index / groups / runs, window = sequence / directions;
  const int direction = sequence % directions, isReversed = (direction + startsReversed) % 2;
  const Taps<T, V> taps(weights, biases, direction * channels + channel);
  from += window * length * stride + direction * perDirection + channel;
  to += sequence * length * channels + channel;
  float seen[TAPS][V];
#pragma unroll
  for (int k = 0; k < TAPS; k++) {
    const int step = start - TAPS + k;
    Vector<T, V> values;
    if (step >= 0) values = load<T, V>(from + (isReversed ? length - 1 - step : step) * stride);
#pragma unroll
    for (int v = 0; v < V; v++) seen[k][v] = step >= 0 ? wide(values.at[v]) : 0.0f;
  }
  const int end = start + RUN < length ? start + RUN : length;
  // As many steps at once as there are taps: their loads overlap, and the window turns without a copy.
  for (int first = start; first < end; first += TAPS) {
    Vector<T, V> values[TAPS];
#pragma unroll
    for (int k = 0; k < TAPS; k++)
      if (first + k < end) values[k] = load<T, V>(from + (isReversed ? length - 1 - first - k : first + k) * stride);
#pragma unroll
    for (int k = 0; k < TAPS; k++) {
      if (first + k >= end) break;
      Vector<T, V> result;
#pragma unroll
      for (int v = 0; v < V; v++) {
#pragma unroll
        for (int tap = 0; tap + 1 < TAPS; tap++) seen[tap][v] = seen[tap + 1][v];
        seen[TAPS - 1][v] = wide(values[k].at[v]);
        float sum = taps.bias[v];
#pragma unroll
        for (int tap = 0; tap < TAPS; tap++) sum += taps.weight[tap][v] * seen[tap][v];
        result.at[v] = narrow<T>(sum * sigmoid(sum));
      }
      store<T, V>(to + (isReversed ? length - 1l - first - k : first + k) * channels, result);
    }
  }
}

// Adds up the shares of the heads: dmixed (sequences, heads, length, width) to sums (sequences, length, width).
template <class T>
__device__ void addHeads(const T* dmixed, T* sums, int heads, long perHead, long count) {
  constexpr int V = 16 / sizeof(T);
  const long first = (blockIdx.x * 128l + threadIdx.x) * V;
  if (first >= count) return;
  const T* at = dmixed + first / perHead * perHead * heads + first % perHead;
  float sum[V] = {};
#pragma unroll 8
  for (int head = 0; head < heads; head++) {
    const auto share = load<T, V>(at + head * perHead);
#pragma unroll
    for (int v = 0; v < V; v++) sum[v] += wide(share.at[v]);
  }
  Vector<T, V> result;
#pragma unroll
  for (int v = 0; v < V; v++) result.at[v] = narrow<T>(sum[v]);
  store<T, V>(sums + first, result);
}

// The gradients come in two parts: dx (sequences, length, inner) for the first `inner` channels, drest (sequences, length,
// channels - inner) for the others. partial (sequences * runs, channels, TAPS + 1)
// takes this run's sums for weights and bias.
template <class T>
__device__ void convolveBackward(const T* from, T* dfrom, long stride, const float* weights, const float* biases,
                                 const T* dx, const T* drest, float* partial, int length, int channels, int inner,
                                 int runs, long count, int directions, long perDirection, int startsReversed) {
  constexpr int V = 4;
  const long index = blockIdx.x * 128l + threadIdx.x;
  if (index >= count) return;
  const int groups = channels / V, channel = index % groups * V, start = index / groups % runs * RUN_BACK;
  const long sequence = index / groups / runs, window = sequence / directions;
  const int direction = sequence % directions, isReversed = (direction + startsReversed) % 2;
  const Taps<T, V> taps(weights, biases, direction * channels + channel);
  from += window * length * stride + direction * perDirection + channel;
  dfrom += window * length * stride + direction * perDirection + channel;
  const long width = channel < inner ? inner : channels - inner;
  const T* gradients = channel < inner ? dx + sequence * length * width + channel
                                       : drest + sequence * length * width + channel - inner;

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
  for (int first = start; first < end + TAPS - 1; first += TAPS) {
    // The loads of TAPS steps overlap.
    Vector<T, V> values[TAPS], incoming[TAPS];
#pragma unroll
    for (int k = 0; k < TAPS; k++) {
      const int step = first + k;
      if (step < length && step < end + TAPS - 1) {
        const long row = isReversed ? length - 1 - step : step;
        values[k] = load<T, V>(from + row * stride);
        incoming[k] = load<T, V>(gradients + row * width);
      } else {
#pragma unroll
        for (int v = 0; v < V; v++) values[k].at[v] = incoming[k].at[v] = narrow<T>(0.0f);
      }
    }
#pragma unroll
    for (int k = 0; k < TAPS; k++) {
      const int step = first + k;
      // The gradient by the sum before SiLU, of this step; past the run only its way back into the run counts.
      const float counts = step < end ? 1.0f : 0.0f;
#pragma unroll
      for (int v = 0; v < V; v++) {
#pragma unroll
        for (int tap = 0; tap + 1 < TAPS; tap++) {
          seen[tap][v] = seen[tap + 1][v];
          active[tap][v] = active[tap + 1][v];
        }
        seen[TAPS - 1][v] = wide(values[k].at[v]);
        float sum = taps.bias[v];
#pragma unroll
        for (int tap = 0; tap < TAPS; tap++) sum += taps.weight[tap][v] * seen[tap][v];
        const float gate = sigmoid(sum);
        active[TAPS - 1][v] = wide(incoming[k].at[v]) * gate * (1.0f + sum * (1.0f - gate));
        const float counted = active[TAPS - 1][v] * counts;
        byBias[v] += counted;
#pragma unroll
        for (int tap = 0; tap < TAPS; tap++) byWeight[tap][v] += counted * seen[tap][v];
      }
      const int target = step - (TAPS - 1);
      if (target >= start && target < end) {
        Vector<T, V> result;
#pragma unroll
        for (int v = 0; v < V; v++) {
          float sum = 0.0f;
#pragma unroll
          for (int tap = 0; tap < TAPS; tap++) sum += taps.weight[TAPS - 1 - tap][v] * active[tap][v];
          result.at[v] = narrow<T>(sum);
        }
        store<T, V>(dfrom + (isReversed ? length - 1 - target : target) * stride, result);
      }
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
      int runs, long count, int directions, long perDirection, int startsReversed) {                                 \
    convolve<T>(from, stride, weights, biases, to, length, channels, runs, count, directions, perDirection,          \
                startsReversed);                                                                                     \
  }                                                                                                                  \
  extern "C" __global__ void __launch_bounds__(128) add_heads_##SUFFIX(const T* dmixed, T* sums, int heads,          \
                                                                       long perHead, long count) {                   \
    addHeads<T>(dmixed, sums, heads, perHead, count);                                                                \
  }                                                                                                                  \
  extern "C" __global__ void __launch_bounds__(128) convolve_backward_##SUFFIX(                                      \
      const T* from, T* dfrom, long stride, const float* weights, const float* biases, const T* dx, const T* drest,  \
      float* partial, int length, int channels, int inner, int runs, long count, int directions, long perDirection,  \
      int startsReversed) {                                                                                          \
    convolveBackward<T>(from, dfrom, stride, weights, biases, dx, drest, partial, length, channels, inner, runs,     \
                        count, directions, perDirection, startsReversed);                                            \
  }
ENTRIES(float, float32)
ENTRIES(bf16, bfloat16)
)cuda"
