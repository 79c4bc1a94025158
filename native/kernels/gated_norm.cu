R"cuda(// RMS norm (Zhang and Sennrich 2019) of y * silu(z) with a weight, and its gradients; a warp has a row at a time.
// Set at compile time: WIDTH, a multiple of 128.

template <class T>
struct Row {
  static constexpr int V = WIDTH / 32 < 16 / static_cast<int>(sizeof(T)) ? 4 : 16 / sizeof(T);
  static constexpr int VECTORS = (WIDTH + 32 * V - 1) / (32 * V);
};

#define EACH_VECTOR                                              \
  _Pragma("unroll") for (int i = 0; i < Row<T>::VECTORS; i++)    \
    if (const int column = (i * 32 + lane) * Row<T>::V; column < WIDTH)

// y and out (rows, WIDTH); z has a stride of its own.
template <class T>
__device__ void gatedNorm(const T* y, const T* z, long stride, const float* weight, T* out, long rows) {
  constexpr int V = Row<T>::V;
  const int lane = threadIdx.x % 32;
  const long row = blockIdx.x * 4l + threadIdx.x / 32;
  if (row >= rows) return;
  float gated[Row<T>::VECTORS][V];
  float sum = 0.0f;
  EACH_VECTOR {
    const auto values = load<T, V>(y + row * WIDTH + column), gates = load<T, V>(z + row * stride + column);
#pragma unroll
    for (int v = 0; v < V; v++) {
      const float gate = wide(gates.at[v]);
      gated[i][v] = wide(values.at[v]) * gate * sigmoid(gate);
      sum += gated[i][v] * gated[i][v];
    }
  }
  const float inverse = rsqrtf(sumOfWarp(sum) / WIDTH + 1e-5f);
  EACH_VECTOR {
    Vector<T, V> result;
#pragma unroll
    for (int v = 0; v < V; v++) result.at[v] = narrow<T>(gated[i][v] * inverse * weight[column + v]);
    store<T, V>(out + row * WIDTH + column, result);
  }
}

// partial (blocks, WIDTH) takes the block's sum for the weight.
template <class T>
__device__ void gatedNormBackward(const T* y, const T* z, long stride, const float* weight, const T* dout, T* dy,
                                  T* dz, float* partial, long rows) {
  constexpr int V = Row<T>::V;
  extern __shared__ __align__(16) unsigned char memory[];
  float* sums = reinterpret_cast<float*>(memory);  // (WIDTH)
  const int lane = threadIdx.x % 32, warp = threadIdx.x / 32;
  float byWeight[Row<T>::VECTORS][V] = {};
  for (long row = blockIdx.x * 4l + warp; row < rows; row += gridDim.x * 4l) {
    float gated[Row<T>::VECTORS][V], incoming[Row<T>::VECTORS][V];
    float squares = 0.0f, product = 0.0f;
    EACH_VECTOR {
      const auto values = load<T, V>(y + row * WIDTH + column), gates = load<T, V>(z + row * stride + column),
                 gradients = load<T, V>(dout + row * WIDTH + column);
#pragma unroll
      for (int v = 0; v < V; v++) {
        const float gate = wide(gates.at[v]);
        gated[i][v] = wide(values.at[v]) * gate * sigmoid(gate);
        incoming[i][v] = wide(gradients.at[v]);
        squares += gated[i][v] * gated[i][v];
        product += gated[i][v] * incoming[i][v] * weight[column + v];
      }
    }
    const float inverse = rsqrtf(sumOfWarp(squares) / WIDTH + 1e-5f);
    const float along = sumOfWarp(product) * inverse * inverse / WIDTH;
    EACH_VECTOR {
      const auto values = load<T, V>(y + row * WIDTH + column), gates = load<T, V>(z + row * stride + column);
      Vector<T, V> byValue, byGate;
#pragma unroll
      for (int v = 0; v < V; v++) {
        const float gate = wide(gates.at[v]), open = sigmoid(gate);
        const float byGated = inverse * (incoming[i][v] * weight[column + v] - gated[i][v] * along);
        byWeight[i][v] += incoming[i][v] * gated[i][v] * inverse;
        byValue.at[v] = narrow<T>(byGated * gate * open);
        byGate.at[v] = narrow<T>(byGated * wide(values.at[v]) * open * (1.0f + gate * (1.0f - open)));
      }
      store<T, V>(dy + row * WIDTH + column, byValue);
      store<T, V>(dz + row * stride + column, byGate);
    }
  }
  for (int turn = 0; turn < 4; turn++) {
    if (warp == turn)
      EACH_VECTOR {
#pragma unroll
        for (int v = 0; v < V; v++) sums[column + v] = (turn == 0 ? 0.0f : sums[column + v]) + byWeight[i][v];
      }
    __syncthreads();
  }
  for (int column = threadIdx.x; column < WIDTH; column += 128)
    partial[blockIdx.x * static_cast<long>(WIDTH) + column] = sums[column];
}

#define ENTRIES(T, SUFFIX)                                                                                       \
  extern "C" __global__ void __launch_bounds__(128) gated_norm_##SUFFIX(                                          \
      const T* y, const T* z, long stride, const float* weight, T* out, long rows) {                              \
    gatedNorm<T>(y, z, stride, weight, out, rows);                                                                \
  }                                                                                                               \
  extern "C" __global__ void __launch_bounds__(128) gated_norm_backward_##SUFFIX(                                 \
      const T* y, const T* z, long stride, const float* weight, const T* dout, T* dy, T* dz, float* partial,      \
      long rows) {                                                                                                \
    gatedNormBackward<T>(y, z, stride, weight, dout, dy, dz, partial, rows);                                      \
  }
ENTRIES(float, float32)
ENTRIES(bf16, bfloat16)
)cuda"
