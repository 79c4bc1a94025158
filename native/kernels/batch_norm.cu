R"cuda(// Batch normalisation (Ioffe and Szegedy 2015) of (rows, channels) in training, with ReLU, and its gradients.
//
// A thread has 8 channels and every so many rows; sums of squares are of differences from the first row, so that a
// mean far from 0 costs no digits. Sums over blocks are added in a fixed order by a second kernel.
// Set at compile time: CHANNELS, a multiple of 8, at most 2048.
#define THREADS 256
#define GROUPS (CHANNELS / 8)
#define ROWS_AT_ONCE (THREADS / GROUPS)
#define MOST_PROCESSES 64

template <class T>
__device__ inline void loadEight(float* to, const T* from) {
#pragma unroll
  for (int half = 0; half < 8; half += 16 / sizeof(T)) {
    const auto values = load<T, 16 / sizeof(T)>(from + half);
#pragma unroll
    for (int v = 0; v < 16 / sizeof(T); v++) to[half + v] = wide(values.at[v]);
  }
}
template <class T>
__device__ inline void storeEight(T* to, const float* from) {
#pragma unroll
  for (int half = 0; half < 8; half += 16 / sizeof(T)) {
    Vector<T, 16 / sizeof(T)> values;
#pragma unroll
    for (int v = 0; v < 16 / sizeof(T); v++) values.at[v] = narrow<T>(from[half + v]);
    store<T, 16 / sizeof(T)>(to + half, values);
  }
}

// Adds the 16 sums of the block's threads of the same channels; partial (2, blocks, CHANNELS).
__device__ inline void addOverBlock(const float* first, const float* second, float* partial) {
  extern __shared__ __align__(16) unsigned char memory[];
  float* sums = reinterpret_cast<float*>(memory);  // (ROWS_AT_ONCE, 2, CHANNELS)
  const int group = threadIdx.x % GROUPS, lane = threadIdx.x / GROUPS;
  if (lane < ROWS_AT_ONCE)
    for (int v = 0; v < 8; v++) {
      sums[(lane * 2) * CHANNELS + group * 8 + v] = first[v];
      sums[(lane * 2 + 1) * CHANNELS + group * 8 + v] = second[v];
    }
  __syncthreads();
  for (int i = threadIdx.x; i < 2 * CHANNELS; i += THREADS) {
    float sum = 0.0f;
    for (int k = 0; k < ROWS_AT_ONCE; k++) sum += sums[k * 2 * CHANNELS + i];
    partial[(static_cast<long>(i / CHANNELS) * gridDim.x + blockIdx.x) * CHANNELS + i % CHANNELS] = sum;
  }
}

template <class T>
__device__ void statistics(const T* x, float* partial, long rows) {
  const int group = threadIdx.x % GROUPS, lane = threadIdx.x / GROUPS;
  float first[8], sum[8] = {}, squares[8] = {};
  loadEight<T>(first, x + group * 8);
  if (lane < ROWS_AT_ONCE)
#pragma unroll 4
    for (long row = blockIdx.x * static_cast<long>(ROWS_AT_ONCE) + lane; row < rows;
         row += gridDim.x * static_cast<long>(ROWS_AT_ONCE)) {
      float values[8];
      loadEight<T>(values, x + row * CHANNELS + group * 8);
#pragma unroll
      for (int v = 0; v < 8; v++) {
        const float difference = values[v] - first[v];
        sum[v] += difference;
        squares[v] += difference * difference;
      }
    }
  addOverBlock(sum, squares, partial);
}

// A block of 32 channels by 8 lanes adds `blocks` partial sums; lane 0 holds the totals.
__device__ inline void addPartials(const float* partial, int blocks, float* totals) {
  extern __shared__ __align__(16) unsigned char memory[];
  float* sums = reinterpret_cast<float*>(memory);  // (2, 8, 32)
  const int column = threadIdx.x % 32, lane = threadIdx.x / 32, channel = blockIdx.x * 32 + column;
  for (int kind = 0; kind < 2; kind++) {
    float sum = 0.0f;
    if (channel < CHANNELS)
      for (int block = lane; block < blocks; block += 8)
        sum += partial[(static_cast<long>(kind) * blocks + block) * CHANNELS + channel];
    sums[(kind * 8 + lane) * 32 + column] = sum;
  }
  __syncthreads();
  for (int kind = 0; kind < 2; kind++) {
    totals[kind] = 0.0f;
    for (int k = 0; k < 8; k++) totals[kind] += sums[(kind * 8 + k) * 32 + column];
  }
}

// saved (2, CHANNELS): mean and 1 / deviation. `offset`, which may be null, is a bias that was left out of x:
// it moves the mean and nothing else.
template <class T>
__device__ void finishStatistics(const T* x, const float* partial, int blocks, long rows, const float* offset,
                                 float* saved, float* runningMean, float* runningVariance, float momentum,
                                 float epsilon) {
  float totals[2];
  addPartials(partial, blocks, totals);
  const int channel = blockIdx.x * 32 + threadIdx.x % 32;
  if (threadIdx.x >= 32 || channel >= CHANNELS) return;
  const float shift = totals[0] / rows, variance = fmaxf(totals[1] / rows - shift * shift, 0.0f);
  const float mean = wide(x[channel]) + shift;
  saved[channel] = mean;
  saved[CHANNELS + channel] = 1.0f / sqrtf(variance + epsilon);
  if (runningMean == nullptr) return;
  const float unbiased = rows > 1 ? variance * (static_cast<float>(rows) / (rows - 1)) : variance;
  const float seen = mean + (offset == nullptr ? 0.0f : offset[channel]);
  runningMean[channel] += momentum * (seen - runningMean[channel]);
  runningVariance[channel] += momentum * (unbiased - runningVariance[channel]);
}

// What each process has of the elements of a channel; none beyond the last process.
struct Shares {
  float of[MOST_PROCESSES];
};

// all (processes, 2, CHANNELS), each one's mean and 1 / deviation, to saved (2, CHANNELS) of all elements together
// (joint_statistics.h has the formula). `unbiased` is n / (n - 1) of all.
__device__ inline void joinStatistics(const float* all, Shares shares, int processes, const float* offset,
                                      float* saved, float* runningMean, float* runningVariance, float momentum,
                                      float epsilon, float unbiased) {
  const int channel = blockIdx.x * THREADS + threadIdx.x;
  if (channel >= CHANNELS) return;
  float mean = 0.0f, variance = 0.0f;
  for (int rank = 0; rank < processes; rank++) mean += shares.of[rank] * all[2 * rank * CHANNELS + channel];
  for (int rank = 0; rank < processes; rank++) {
    const float away = all[2 * rank * CHANNELS + channel] - mean;
    const float inverse = all[(2 * rank + 1) * CHANNELS + channel];
    variance += shares.of[rank] * (1.0f / (inverse * inverse) - epsilon + away * away);
  }
  saved[channel] = mean;
  saved[CHANNELS + channel] = 1.0f / sqrtf(fmaxf(variance, 0.0f) + epsilon);
  const float seen = mean + (offset == nullptr ? 0.0f : offset[channel]);
  runningMean[channel] += momentum * (seen - runningMean[channel]);
  runningVariance[channel] += momentum * (variance * unbiased - runningVariance[channel]);
}

template <class T, bool HAS_RELU>
__device__ void normalise(const T* x, const float* saved, const float* weight, const float* bias, T* y, long rows) {
  const int group = threadIdx.x % GROUPS, lane = threadIdx.x / GROUPS;
  if (lane >= ROWS_AT_ONCE) return;
  float scale[8], shift[8];
#pragma unroll
  for (int v = 0; v < 8; v++) {
    const int channel = group * 8 + v;
    scale[v] = saved[CHANNELS + channel] * weight[channel];
    shift[v] = bias[channel] - saved[channel] * scale[v];
  }
#pragma unroll 4
  for (long row = blockIdx.x * static_cast<long>(ROWS_AT_ONCE) + lane; row < rows;
       row += gridDim.x * static_cast<long>(ROWS_AT_ONCE)) {
    float values[8];
    loadEight<T>(values, x + row * CHANNELS + group * 8);
#pragma unroll
    for (int v = 0; v < 8; v++) {
      values[v] = values[v] * scale[v] + shift[v];
      if (HAS_RELU) values[v] = values[v] > 0.0f || values[v] != values[v] ? values[v] : 0.0f;
    }
    storeEight<T>(y + row * CHANNELS + group * 8, values);
  }
}

// What normalise() gave decides whether ReLU passed a value on; it is computed again instead of read.
template <class T, bool HAS_RELU>
__device__ void gradientSums(const T* x, const T* dy, const float* saved, const float* weight, const float* bias,
                             float* partial, long rows) {
  const int group = threadIdx.x % GROUPS, lane = threadIdx.x / GROUPS;
  float mean[8], inverse[8], scale[8], shift[8], sum[8] = {}, product[8] = {};
#pragma unroll
  for (int v = 0; v < 8; v++) {
    const int channel = group * 8 + v;
    mean[v] = saved[channel];
    inverse[v] = saved[CHANNELS + channel];
    scale[v] = inverse[v] * weight[channel];
    shift[v] = bias[channel] - mean[v] * scale[v];
  }
  if (lane < ROWS_AT_ONCE)
#pragma unroll 2
    for (long row = blockIdx.x * static_cast<long>(ROWS_AT_ONCE) + lane; row < rows;
         row += gridDim.x * static_cast<long>(ROWS_AT_ONCE)) {
      float values[8], gradients[8];
      loadEight<T>(values, x + row * CHANNELS + group * 8);
      loadEight<T>(gradients, dy + row * CHANNELS + group * 8);
#pragma unroll
      for (int v = 0; v < 8; v++) {
        if (HAS_RELU && !(values[v] * scale[v] + shift[v] > 0.0f)) continue;
        sum[v] += gradients[v];
        product[v] += gradients[v] * ((values[v] - mean[v]) * inverse[v]);
      }
    }
  addOverBlock(sum, product, partial);
}

// byChannel (2, CHANNELS): the gradients by bias and weight; once more in `toSum` where other processes' are added.
__device__ inline void finishGradients(const float* partial, int blocks, float* byChannel, float* toSum) {
  float totals[2];
  addPartials(partial, blocks, totals);
  const int channel = blockIdx.x * 32 + threadIdx.x % 32;
  if (threadIdx.x >= 32 || channel >= CHANNELS) return;
  byChannel[channel] = totals[0];
  byChannel[CHANNELS + channel] = totals[1];
  if (toSum == nullptr) return;
  toSum[channel] = totals[0];
  toSum[CHANNELS + channel] = totals[1];
}

// byChannel: sums over `total` elements, those of all processes.
template <class T, bool HAS_RELU>
__device__ void gradientByInput(const T* x, const T* dy, const float* saved, const float* weight, const float* bias,
                                const float* byChannel, float total, T* dx, long rows) {
  const int group = threadIdx.x % GROUPS, lane = threadIdx.x / GROUPS;
  if (lane >= ROWS_AT_ONCE) return;
  // scale * (dz - mean of dz - x^ * mean of dz x^) = scale * dz - slope * x - rest
  float scale[8], shift[8], slope[8], rest[8];
#pragma unroll
  for (int v = 0; v < 8; v++) {
    const int channel = group * 8 + v;
    const float inverse = saved[CHANNELS + channel];
    scale[v] = inverse * weight[channel];
    shift[v] = bias[channel] - saved[channel] * scale[v];
    slope[v] = scale[v] * inverse * (byChannel[CHANNELS + channel] / total);
    rest[v] = scale[v] * (byChannel[channel] / total) - slope[v] * saved[channel];
  }
#pragma unroll 2
  for (long row = blockIdx.x * static_cast<long>(ROWS_AT_ONCE) + lane; row < rows;
       row += gridDim.x * static_cast<long>(ROWS_AT_ONCE)) {
    float values[8], gradients[8];
    loadEight<T>(values, x + row * CHANNELS + group * 8);
    loadEight<T>(gradients, dy + row * CHANNELS + group * 8);
#pragma unroll
    for (int v = 0; v < 8; v++) {
      const bool passes = !HAS_RELU || values[v] * scale[v] + shift[v] > 0.0f;
      values[v] = (passes ? scale[v] * gradients[v] : 0.0f) - slope[v] * values[v] - rest[v];
    }
    storeEight<T>(dx + row * CHANNELS + group * 8, values);
  }
}

#define ENTRY(NAME, ARGUMENTS, CALL) \
  extern "C" __global__ void __launch_bounds__(THREADS) NAME ARGUMENTS { CALL; }
#define ENTRIES_OF_RELU(T, SUFFIX, HAS_RELU)                                                                       \
  ENTRY(normalise_##SUFFIX,                                                                                        \
        (const T* x, const float* saved, const float* weight, const float* bias, T* y, long rows),                 \
        (normalise<T, HAS_RELU>(x, saved, weight, bias, y, rows)))                                                 \
  ENTRY(gradient_sums_##SUFFIX,                                                                                    \
        (const T* x, const T* dy, const float* saved, const float* weight, const float* bias, float* partial,      \
         long rows),                                                                                               \
        (gradientSums<T, HAS_RELU>(x, dy, saved, weight, bias, partial, rows)))                                    \
  ENTRY(gradient_by_input_##SUFFIX,                                                                                \
        (const T* x, const T* dy, const float* saved, const float* weight, const float* bias,                      \
         const float* byChannel, float total, T* dx, long rows),                                                   \
        (gradientByInput<T, HAS_RELU>(x, dy, saved, weight, bias, byChannel, total, dx, rows)))
#define ENTRIES(T, SUFFIX)                                                                                         \
  ENTRY(statistics_##SUFFIX, (const T* x, float* partial, long rows), (statistics<T>(x, partial, rows)))           \
  ENTRY(finish_statistics_##SUFFIX,                                                                                \
        (const T* x, const float* partial, int blocks, long rows, const float* offset, float* saved,               \
         float* runningMean, float* runningVariance, float momentum, float epsilon),                               \
        (finishStatistics<T>(x, partial, blocks, rows, offset, saved, runningMean, runningVariance, momentum,      \
                             epsilon)))                                                                            \
  ENTRIES_OF_RELU(T, SUFFIX, false)                                                                                \
  ENTRIES_OF_RELU(T, relu_##SUFFIX, true)
ENTRIES(float, float32)
ENTRIES(bf16, bfloat16)
ENTRY(finish_gradients, (const float* partial, int blocks, float* byChannel, float* toSum),
      (finishGradients(partial, blocks, byChannel, toSum)))
ENTRY(join_statistics,
      (const float* all, Shares shares, int processes, const float* offset, float* saved, float* runningMean,
       float* runningVariance, float momentum, float epsilon, float unbiased),
      (joinStatistics(all, shares, processes, offset, saved, runningMean, runningVariance, momentum, epsilon,
                      unbiased)))
)cuda"
