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

// y (batch, directions, length, WIDTH); z (batch, length, stride), the next direction's perDirection further; out
// (batch, length, directions, WIDTH); weight (directions, WIDTH). rows = batch * length.
template <class T>
__device__ void gatedNorm(const T* y, const T* z, long stride, const float* weight, T* out, long rows, long length,
                          int directions, long perDirection) {
  constexpr int V = Row<T>::V;
  const int lane = threadIdx.x % 32, direction = blockIdx.x % directions;
  const long row = blockIdx.x / directions * 4l + threadIdx.x / 32;
  if (row >= rows) return;
  y += ((row / length * directions + direction) * length + row % length) * WIDTH;
  z += row * stride + direction * perDirection;
  out += (row * directions + direction) * WIDTH;
  weight += direction * WIDTH;
  float gated[Row<T>::VECTORS][V];
  float sum = 0.0f;
  EACH_VECTOR {
    const auto values = load<T, V>(y + column), gates = load<T, V>(z + column);
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
    store<T, V>(out + column, result);
  }
}

// partial (blocks, WIDTH) takes the block's sum for the weight; block i is of direction i % directions. Here a block has a row at a time: a warp would need
// too many registers to keep enough loads under way.
template <class T>
__device__ void gatedNormBackward(const T* y, const T* z, long stride, const float* weight, const T* dout,
                                  T* dy, T* dz, float* partial, long rows, long length, int directions,
                                  long perDirection) {
  constexpr int V = WIDTH < 128 * 16 / static_cast<int>(sizeof(T)) ? 4 : 16 / sizeof(T);
  constexpr int VECTORS = (WIDTH + 128 * V - 1) / (128 * V);
  __shared__ float shared[2][4][2];
  const int lane = threadIdx.x % 32, warp = threadIdx.x / 32, direction = blockIdx.x % directions;
  z += direction * perDirection;
  dz += direction * perDirection;
  weight += direction * WIDTH;
  float byWeight[VECTORS][V] = {};
  int turn = 0;
#define EACH_OF_BLOCK                                   \
  _Pragma("unroll") for (int i = 0; i < VECTORS; i++)   \
    if (const int column = (i * 128 + threadIdx.x) * V; column < WIDTH)
  for (long row = blockIdx.x / directions; row < rows; row += gridDim.x / directions, turn ^= 1) {
    const long own = ((row / length * directions + direction) * length + row % length) * WIDTH;
    const long joined = (row * directions + direction) * WIDTH;
    Vector<T, V> values[VECTORS], gates[VECTORS], incoming[VECTORS];
    EACH_OF_BLOCK {
      values[i] = load<T, V>(y + own + column);
      gates[i] = load<T, V>(z + row * stride + column);
      incoming[i] = load<T, V>(dout + joined + column);
    }
    float squares = 0.0f, product = 0.0f;
    EACH_OF_BLOCK {
#pragma unroll
      for (int v = 0; v < V; v++) {
        const float gate = wide(gates[i].at[v]), gated = wide(values[i].at[v]) * gate * sigmoid(gate);
        squares += gated * gated;
        product += gated * wide(incoming[i].at[v]) * weight[column + v];
      }
    }
    squares = sumOfWarp(squares);
    product = sumOfWarp(product);
    if (lane == 0) {
      shared[turn][warp][0] = squares;
      shared[turn][warp][1] = product;
    }
    __syncthreads();
    squares = shared[turn][0][0] + shared[turn][1][0] + shared[turn][2][0] + shared[turn][3][0];
    product = shared[turn][0][1] + shared[turn][1][1] + shared[turn][2][1] + shared[turn][3][1];
    const float inverse = rsqrtf(squares / WIDTH + 1e-5f);
    const float along = product * inverse * inverse / WIDTH;
    EACH_OF_BLOCK {
      Vector<T, V> byValue, byGate;
#pragma unroll
      for (int v = 0; v < V; v++) {
        const float gate = wide(gates[i].at[v]), open = sigmoid(gate), value = wide(values[i].at[v]);
        const float gated = value * gate * open, gradient = wide(incoming[i].at[v]);
        const float byGated = inverse * (gradient * weight[column + v] - gated * along);
        byWeight[i][v] += gradient * gated * inverse;
        byValue.at[v] = narrow<T>(byGated * gate * open);
        byGate.at[v] = narrow<T>(byGated * value * open * (1.0f + gate * (1.0f - open)));
      }
      store<T, V>(dy + own + column, byValue);
      store<T, V>(dz + row * stride + column, byGate);
    }
  }
  EACH_OF_BLOCK {
#pragma unroll
    for (int v = 0; v < V; v++) partial[blockIdx.x * static_cast<long>(WIDTH) + column + v] = byWeight[i][v];
  }
}

#define ENTRIES(T, SUFFIX)                                                                                        \
  extern "C" __global__ void __launch_bounds__(128) gated_norm_##SUFFIX(                                           \
      const T* y, const T* z, long stride, const float* weight, T* out, long rows, long length, int directions,    \
      long perDirection) {                                                                                         \
    gatedNorm<T>(y, z, stride, weight, out, rows, length, directions, perDirection);                               \
  }                                                                                                                \
  extern "C" __global__ void __launch_bounds__(128) gated_norm_backward_##SUFFIX(                                  \
      const T* y, const T* z, long stride, const float* weight, const T* dout, T* dy, T* dz, float* partial,       \
      long rows, long length, int directions, long perDirection) {                                                 \
    gatedNormBackward<T>(y, z, stride, weight, dout, dy, dz, partial, rows, length, directions, perDirection);     \
  }
ENTRIES(float, float32)
ENTRIES(bf16, bfloat16)
)cuda"
