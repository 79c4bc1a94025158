R"cuda(// Layer norm (Ba et al. 2016) of dropout(x) + residual, and its gradients; a warp has a row at a time.
// The mask is the hash of src/random/ over (seed, layer, step, sample, element); `key` is that of seed and layer.
// Set at compile time: WIDTH, a multiple of 128.

template <class T>
struct Row {
  static constexpr int V = WIDTH / 32 < 16 / static_cast<int>(sizeof(T)) ? 4 : 16 / sizeof(T);
  static constexpr int VECTORS = (WIDTH + 32 * V - 1) / (32 * V);
};

#define EACH_VECTOR                                              \
  _Pragma("unroll") for (int i = 0; i < Row<T>::VECTORS; i++)    \
    if (const int column = (i * 32 + lane) * Row<T>::V; column < WIDTH)

__device__ inline unsigned mixBits(unsigned x) {
  x = (x ^ (x >> 16)) * 0x7feb352du;
  x = (x ^ (x >> 15)) * 0x846ca68bu;
  return x ^ (x >> 16);
}
__device__ inline unsigned combine(unsigned state, unsigned counter) {
  return mixBits((state + 0x9e3779b9u) ^ mixBits(counter));
}

struct Dropout {
  unsigned key, threshold;  // an element is kept where its hash is at least the threshold; 0 keeps all
  float scale;
  const long* step;
  const long* samples;

  __device__ unsigned ofSample(long sample) const {
    return threshold == 0 ? 0 : combine(combine(key, static_cast<unsigned>(*step)), static_cast<unsigned>(samples[sample]));
  }
  __device__ float factor(unsigned state, unsigned element) const {
    if (threshold == 0) return 1.0f;
    return combine(state, element) >= threshold ? scale : 0.0f;
  }
};

template <class T>
__device__ inline void loadSum(float (*sums)[Row<T>::V], const T* x, const T* residual, const Dropout& dropout,
                               long row, long length) {
  const int lane = threadIdx.x % 32;
  const unsigned state = dropout.ofSample(row / length), first = static_cast<unsigned>(row % length * WIDTH);
  EACH_VECTOR {
    const auto values = load<T, Row<T>::V>(x + row * WIDTH + column),
               others = load<T, Row<T>::V>(residual + row * WIDTH + column);
#pragma unroll
    for (int v = 0; v < Row<T>::V; v++)
      sums[i][v] = wide(values.at[v]) * dropout.factor(state, first + column + v) + wide(others.at[v]);
  }
}

template <class T>
__device__ inline void momentsOf(const float (*sums)[Row<T>::V], float& mean, float& inverse) {
  const int lane = threadIdx.x % 32;
  float sum = 0.0f, squares = 0.0f;
  EACH_VECTOR for (int v = 0; v < Row<T>::V; v++) sum += sums[i][v];
  mean = sumOfWarp(sum) / WIDTH;
  EACH_VECTOR for (int v = 0; v < Row<T>::V; v++) squares += (sums[i][v] - mean) * (sums[i][v] - mean);
  inverse = rsqrtf(sumOfWarp(squares) / WIDTH + 1e-5f);
}

// x, residual and out (samples, length, WIDTH)
template <class T>
__device__ void residualNorm(const T* x, const T* residual, const float* weight, const float* bias, T* out,
                             const Dropout& dropout, long rows, long length) {
  constexpr int V = Row<T>::V;
  const int lane = threadIdx.x % 32;
  const long row = blockIdx.x * 4l + threadIdx.x / 32;
  if (row >= rows) return;
  float sums[Row<T>::VECTORS][V], mean, inverse;
  loadSum<T>(sums, x, residual, dropout, row, length);
  momentsOf<T>(sums, mean, inverse);
  EACH_VECTOR {
    Vector<T, V> result;
#pragma unroll
    for (int v = 0; v < V; v++)
      result.at[v] = narrow<T>((sums[i][v] - mean) * inverse * weight[column + v] + bias[column + v]);
    store<T, V>(out + row * WIDTH + column, result);
  }
}

// partial (2, blocks, WIDTH) takes the block's sums for weight and bias.
template <class T>
__device__ void residualNormBackward(const T* x, const T* residual, const float* weight, const T* dout, T* dx,
                                     T* dresidual, float* partial, const Dropout& dropout, long rows, long length) {
  constexpr int V = Row<T>::V;
  extern __shared__ __align__(16) unsigned char memory[];
  float* shared = reinterpret_cast<float*>(memory);  // (2, WIDTH)
  const int lane = threadIdx.x % 32, warp = threadIdx.x / 32;
  float byWeight[Row<T>::VECTORS][V] = {}, byBias[Row<T>::VECTORS][V] = {};
  for (long row = blockIdx.x * 4l + warp; row < rows; row += gridDim.x * 4l) {
    float normal[Row<T>::VECTORS][V], incoming[Row<T>::VECTORS][V], mean, inverse;
    loadSum<T>(normal, x, residual, dropout, row, length);
    momentsOf<T>(normal, mean, inverse);
    float sum = 0.0f, product = 0.0f;
    EACH_VECTOR {
      const auto gradients = load<T, V>(dout + row * WIDTH + column);
#pragma unroll
      for (int v = 0; v < V; v++) {
        normal[i][v] = (normal[i][v] - mean) * inverse;
        const float gradient = wide(gradients.at[v]);
        byWeight[i][v] += gradient * normal[i][v];
        byBias[i][v] += gradient;
        incoming[i][v] = gradient * weight[column + v];
        sum += incoming[i][v];
        product += incoming[i][v] * normal[i][v];
      }
    }
    sum = sumOfWarp(sum) / WIDTH;
    product = sumOfWarp(product) / WIDTH;
    const unsigned state = dropout.ofSample(row / length), first = static_cast<unsigned>(row % length * WIDTH);
    EACH_VECTOR {
      Vector<T, V> whole, masked;
#pragma unroll
      for (int v = 0; v < V; v++) {
        const float gradient = inverse * (incoming[i][v] - sum - normal[i][v] * product);
        whole.at[v] = narrow<T>(gradient);
        masked.at[v] = narrow<T>(gradient * dropout.factor(state, first + column + v));
      }
      store<T, V>(dresidual + row * WIDTH + column, whole);
      store<T, V>(dx + row * WIDTH + column, masked);
    }
  }
  for (int turn = 0; turn < 4; turn++) {
    if (warp == turn)
      EACH_VECTOR {
#pragma unroll
        for (int v = 0; v < V; v++) {
          shared[column + v] = (turn == 0 ? 0.0f : shared[column + v]) + byWeight[i][v];
          shared[WIDTH + column + v] = (turn == 0 ? 0.0f : shared[WIDTH + column + v]) + byBias[i][v];
        }
      }
    __syncthreads();
  }
  for (int column = threadIdx.x; column < WIDTH; column += 128) {
    partial[blockIdx.x * static_cast<long>(WIDTH) + column] = shared[column];
    partial[(gridDim.x + blockIdx.x) * static_cast<long>(WIDTH) + column] = shared[WIDTH + column];
  }
}

#define ENTRIES(T, SUFFIX)                                                                                          \
  extern "C" __global__ void __launch_bounds__(128) residual_norm_##SUFFIX(                                          \
      const T* x, const T* residual, const float* weight, const float* bias, T* out, unsigned key,                   \
      unsigned threshold, float scale, const long* step, const long* samples, long rows, long length) {              \
    residualNorm<T>(x, residual, weight, bias, out, Dropout{key, threshold, scale, step, samples}, rows, length);    \
  }                                                                                                                  \
  extern "C" __global__ void __launch_bounds__(128) residual_norm_backward_##SUFFIX(                                 \
      const T* x, const T* residual, const float* weight, const T* dout, T* dx, T* dresidual, float* partial,        \
      unsigned key, unsigned threshold, float scale, const long* step, const long* samples, long rows,               \
      long length) {                                                                                                 \
    residualNormBackward<T>(x, residual, weight, dout, dx, dresidual, partial,                                       \
                            Dropout{key, threshold, scale, step, samples}, rows, length);                            \
  }
ENTRIES(float, float32)
ENTRIES(bf16, bfloat16)
)cuda"
