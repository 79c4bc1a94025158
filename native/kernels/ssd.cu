R"cuda(// The SSD of Mamba-2 (Dao and Gu 2024), forward and backward, with step sizes and skip term:
//
//   dt = softplus(raw + bias), h_t = exp(dt_t A) h_{t-1} + dt_t B_t x_t^T, y_t = C_t h_t + D x_t
//
// A block of four warps walks over the chunks of one window and head with the state (N, P) in registers, so that
// each input is read once. Within a chunk of Q steps the sum over earlier steps is a masked product, as in
// attention; a warp has 16 of its rows. a is the sum of dt A from the chunk's start; every decay is the
// exponential of a difference of two of those that is <= 0.
//
// Set at compile time: P (head's width) and N (state), multiples of 16; N at most 64.
#define Q 64
#define LANES_OF_BLOCK 128

template <class T>
struct Sizes {
  static constexpr int V = 16 / sizeof(T);
  // Strides of rows in shared memory: 16 bytes more than the row keeps matrix loads free of bank conflicts.
  static constexpr int X = P + V, S = N + V, M = Q + V;
#ifdef BGB_EMULATED
  static constexpr int SCRATCH = M;
#else
  static constexpr int SCRATCH = sizeof(T) == 4 ? M : S;  // bfloat16 keeps its tiles of (Q, Q) in registers
#endif
  static constexpr int TILES = (N / 16) * (P / 16), OWN = (TILES + 3) / 4;
};

// Two neighbours in shared memory.
template <class T>
__device__ inline void storePair(T* to, float first, float second) {
  struct alignas(2 * sizeof(T)) Pair {
    T first, second;
  };
  *reinterpret_cast<Pair*>(to) = {narrow<T>(first), narrow<T>(second)};
}

// Row r of the chunk is this step in memory; `isReversed` scans from the last step to the first.
__device__ inline long stepOf(int chunk, int row, int length, int isReversed) {
  const int step = chunk * Q + row;
  return isReversed ? length - 1 - step : step;
}

// Copies `width` columns of the chunk's rows into shared memory, zeros where there is no step.
template <class T, int WIDTH>
__device__ inline void loadRows(T* to, int strideTo, const T* from, long strideFrom, int chunk, int length,
                                int isReversed) {
  constexpr int V = 16 / sizeof(T), PER_ROW = WIDTH / V;
  for (int i = threadIdx.x; i < Q * PER_ROW; i += LANES_OF_BLOCK) {
    const int row = i / PER_ROW, column = i % PER_ROW * V;
    Vector<T, V> values;
    if (chunk * Q + row < length)
      values = load<T, V>(from + stepOf(chunk, row, length, isReversed) * strideFrom + column);
    else
      for (int k = 0; k < V; k++) values.at[k] = narrow<T>(0.0f);
    store<T, V>(to + row * strideTo + column, values);
  }
}

// One warp: dt and a of the chunk, two rows a lane. Beyond the end dt is 0: nothing is added, nothing decays.
template <class T>
__device__ inline void loadSteps(float* dt, float* a, float* slope, const T* raw, long stride, float bias, float A,
                                 int chunk, int length, int isReversed) {
  const int lane = threadIdx.x % 32;
  float own[2];
  for (int k = 0; k < 2; k++) {
    const int row = 2 * lane + k;
    own[k] = 0.0f;
    float derivative = 0.0f;
    if (chunk * Q + row < length) {
      const float before = wide(raw[stepOf(chunk, row, length, isReversed) * stride]) + bias;
      own[k] = softplus(before);
      derivative = 1.0f / (1.0f + expf(-before));
    }
    dt[row] = own[k];
    if (slope != nullptr) slope[row] = derivative;
  }
  float sum = own[0] * A + own[1] * A;
  for (int offset = 1; offset < 32; offset *= 2) {
    const float other = __shfl_up_sync(0xffffffffu, sum, offset);
    if (lane >= offset) sum += other;
  }
  const float before = __shfl_up_sync(0xffffffffu, sum, 1);
  a[2 * lane] = (lane == 0 ? 0.0f : before) + own[0] * A;
  a[2 * lane + 1] = sum;
}

// A sequence is a window in one direction: the second direction scans from the last step, or the first one does where
// it startsReversed. mixed (sequences, length, heads * P + 2 N) holds x, B, C; raw is the projection's slice of step
// sizes, of the next direction perDirection further; y (sequences, length, heads * P); states (sequences * heads,
// chunks, N, P): the state before each chunk. Parameters are (directions, heads).
template <class T>
__device__ void ssdForward(const T* mixed, const T* raw, long rawStride, const float* biases, const float* logA,
                           const float* skips, T* y, T* states, int length, int heads, int chunks,
                           int directions, long perDirection, int startsReversed) {
  using S = Sizes<T>;
  extern __shared__ __align__(16) unsigned char memory[];
  T* x = reinterpret_cast<T*>(memory);  // (Q, P)
  T* b = x + Q * S::X;                  // (Q, N)
  T* c = b + Q * S::S;                  // (Q, N)
  T* weights = c + Q * S::S;            // (Q, Q) or nothing; first B with the decay to the chunk's end
  T* entering = weights + Q * S::SCRATCH;  // (N, P)
  float* dt = reinterpret_cast<float*>(entering + N * S::X);
  float* a = dt + Q;

  const int head = blockIdx.x % heads, warp = threadIdx.x / 32, first = warp * 16;
  const long sequence = blockIdx.x / heads, window = sequence / directions;
  const int direction = sequence % directions, isReversed = (direction + startsReversed) % 2;
  const int parameter = direction * heads + head;
  const long inner = static_cast<long>(heads) * P, mixedStride = inner + 2 * N;
  const float A = -expf(logA[parameter]), bias = biases[parameter], skip = skips[parameter];
  mixed += sequence * length * mixedStride;
  raw += window * length * rawStride + direction * perDirection + head;
  y += sequence * length * inner + static_cast<long>(head) * P;
  if (states != nullptr) states += blockIdx.x * static_cast<long>(chunks) * N * P;

  float state[S::OWN][8] = {};
  for (int chunk = 0; chunk < chunks; chunk++) {
    loadRows<T, P>(x, S::X, mixed + static_cast<long>(head) * P, mixedStride, chunk, length, isReversed);
    loadRows<T, N>(b, S::S, mixed + inner, mixedStride, chunk, length, isReversed);
    loadRows<T, N>(c, S::S, mixed + inner + N, mixedStride, chunk, length, isReversed);
    if (warp == 0) loadSteps<T>(dt, a, nullptr, raw, rawStride, bias, A, chunk, length, isReversed);
#pragma unroll
    for (int own = 0; own < S::OWN; own++) {
      const int tile = warp + 4 * own;
      if (tile >= S::TILES) break;
#pragma unroll
      for (int value = 0; value < 8; value += 2) {
        const int n = tile / (P / 16) * 16 + tileRow(value), p = tile % (P / 16) * 16 + tileColumn(value);
        storePair(entering + n * S::X + p, state[own][value], state[own][value + 1]);
      }
      if (states != nullptr)
#pragma unroll
        for (int half = 0; half < 2; half++) {
          const int n = tile / (P / 16) * 16 + half * 8 + (threadIdx.x % 32) / 4, p = tile % (P / 16) * 16;
          storeRow(states + (static_cast<long>(chunk) * N + n) * P + p, state[own], half, true);
        }
    }
    __syncthreads();
    const float last = a[Q - 1];
    for (int i = threadIdx.x; i < Q * N; i += LANES_OF_BLOCK) {
      const int row = i / N, n = i % N;
      weights[row * S::S + n] = narrow<T>(wide(b[row * S::S + n]) * (__expf(last - a[row]) * dt[row]));
    }
    __syncthreads();
    const float decay = __expf(last);
#pragma unroll
    for (int own = 0; own < S::OWN; own++) {
      const int tile = warp + 4 * own;
      if (tile >= S::TILES) break;
      const int n = tile / (P / 16) * 16, p = tile % (P / 16) * 16;
#pragma unroll
      for (int value = 0; value < 8; value++) state[own][value] *= decay;
#pragma unroll
      for (int k = 0; k < Q; k += 16)
        addProduct<false>(state[own], leftFrom<true>(weights + k * S::S + n, S::S), x + k * S::X + p, S::X);
    }
    __syncthreads();
    // (C_i . B_j) exp(a_i - a_j) dt_j for j <= i, a tile for each 16 steps j; those above the diagonal are 0.
    float aRow[2];
    Left<T> ofRows[N / 16], taken[Q / 16];
#pragma unroll
    for (int half = 0; half < 2; half++) aRow[half] = a[first + half * 8 + (threadIdx.x % 32) / 4];
#pragma unroll
    for (int k = 0; k < N; k += 16) ofRows[k / 16] = leftFrom<false>(c + first * S::S + k, S::S);
#pragma unroll
    for (int column = 0; column < Q; column += 16) {
      if (column > first) break;
      float product[8] = {};
#pragma unroll
      for (int k = 0; k < N; k += 16) addProduct<true>(product, ofRows[k / 16], b + column * S::S + k, S::S);
#pragma unroll
      for (int value = 0; value < 8; value++) {
        const int i = first + tileRow(value), j = column + tileColumn(value);
        product[value] = j <= i ? product[value] * __expf(aRow[(value % 4) / 2] - a[j]) * dt[j] : 0.0f;
      }
      taken[column / 16] = leftOf(product, weights + first * S::M + column, S::M);
    }
    const float fromStart[2] = {__expf(aRow[0]), __expf(aRow[1])};
#pragma unroll
    for (int p = 0; p < P; p += 16) {
      float sum[8] = {};
#pragma unroll
      for (int k = 0; k < N; k += 16) addProduct<false>(sum, ofRows[k / 16], entering + k * S::X + p, S::X);
#pragma unroll
      for (int value = 0; value < 8; value++) sum[value] *= fromStart[(value % 4) / 2];
#pragma unroll
      for (int k = 0; k < Q; k += 16) {
        if (k > first) break;
        addProduct<false>(sum, taken[k / 16], x + k * S::X + p, S::X);
      }
#pragma unroll
      for (int value = 0; value < 8; value++)
        sum[value] += skip * wide(x[(first + tileRow(value)) * S::X + p + tileColumn(value)]);
#pragma unroll
      for (int half = 0; half < 2; half++) {
        const int i = first + half * 8 + (threadIdx.x % 32) / 4;
        storeRow(y + stepOf(chunk, i, length, isReversed) * inner + p, sum, half, chunk * Q + i < length);
      }
    }
    __syncthreads();
  }
}

// The chunks from the last to the first, with the gradient by the state at the chunk's end in registers.
// dmixed (sequences, heads, length, 2 N) holds each head's share of the gradients by B and C; perHead (3, sequences, heads)
// those by A (not its logarithm), bias and skip.
template <class T>
__device__ void ssdBackward(const T* mixed, const T* raw, long rawStride, const float* biases, const float* logA,
                            const float* skips, const T* states, const T* dy, T* dx, T* dmixed, T* draw,
                            float* perHead, int length, int heads, int chunks, int directions,
                            long perDirection, int startsReversed) {
  using S = Sizes<T>;
  extern __shared__ __align__(16) unsigned char memory[];
  T* x = reinterpret_cast<T*>(memory);  // (Q, P)
  T* g = x + Q * S::X;                  // (Q, P): dy
  T* b = g + Q * S::X;                  // (Q, N)
  T* c = b + Q * S::S;                  // (Q, N)
  T* decayed = c + Q * S::S;            // (Q, N): C with the decay from the chunk's start
  T* weights = decayed + Q * S::S;      // (Q, Q): what y_i takes from x_j
  T* products = weights + Q * S::M;     // (Q, Q): gradients by C_i . B_j
  T* entering = products + Q * S::M;    // (N, P)
  T* leaving = entering + N * S::X;     // (N, P): gradient by the state at the end
  float* dt = reinterpret_cast<float*>(leaving + N * S::X);
  float* a = dt + Q;
  float* slope = a + Q;
  float* rows = slope + Q;     // gradient by a_i as far as it is y_i's
  float* fromEnd = rows + Q;   // gradient by dt_j as far as it comes through the state at the end
  float* columns = fromEnd + Q;  // (4, Q) by dt_j as far as it comes through the chunk's own y, a warp each
  float* carried = columns + 4 * Q;  // (4)

  const int head = blockIdx.x % heads, warp = threadIdx.x / 32, lane = threadIdx.x % 32, first = warp * 16;
  const long sequence = blockIdx.x / heads, window = sequence / directions;
  const int direction = sequence % directions, isReversed = (direction + startsReversed) % 2;
  const int parameter = direction * heads + head;
  const long inner = static_cast<long>(heads) * P, mixedStride = inner + 2 * N;
  const float A = -expf(logA[parameter]), bias = biases[parameter], skip = skips[parameter];
  mixed += sequence * length * mixedStride;
  raw += window * length * rawStride + direction * perDirection + head;
  draw += window * length * rawStride + direction * perDirection + head;
  dy += sequence * length * inner + static_cast<long>(head) * P;
  dx += sequence * length * inner + static_cast<long>(head) * P;
  dmixed += blockIdx.x * static_cast<long>(length) * 2 * N;
  states += blockIdx.x * static_cast<long>(chunks) * N * P;

  float gradient[S::OWN][8] = {};
  float byA = 0.0f, byBias = 0.0f, bySkip = 0.0f;
  for (int chunk = chunks - 1; chunk >= 0; chunk--) {
    loadRows<T, P>(x, S::X, mixed + static_cast<long>(head) * P, mixedStride, chunk, length, isReversed);
    loadRows<T, P>(g, S::X, dy, inner, chunk, length, isReversed);
    loadRows<T, N>(b, S::S, mixed + inner, mixedStride, chunk, length, isReversed);
    loadRows<T, N>(c, S::S, mixed + inner + N, mixedStride, chunk, length, isReversed);
    for (int i = threadIdx.x; i < N * P / S::V; i += LANES_OF_BLOCK)
      store<T, S::V>(entering + i / (P / S::V) * S::X + i % (P / S::V) * S::V,
                     load<T, S::V>(states + static_cast<long>(chunk) * N * P + i * S::V));
    if (warp == 0) loadSteps<T>(dt, a, slope, raw, rawStride, bias, A, chunk, length, isReversed);
#pragma unroll
    for (int own = 0; own < S::OWN; own++) {
      const int tile = warp + 4 * own;
      if (tile >= S::TILES) break;
#pragma unroll
      for (int value = 0; value < 8; value++)
        leaving[(tile / (P / 16) * 16 + tileRow(value)) * S::X + tile % (P / 16) * 16 + tileColumn(value)] =
            narrow<T>(gradient[own][value]);
    }
    __syncthreads();
    const float last = a[Q - 1];
    for (int i = threadIdx.x; i < Q * N; i += LANES_OF_BLOCK) {
      const int at = i / N * S::S + i % N;
      decayed[at] = narrow<T>(wide(c[at]) * __expf(a[i / N]));
    }

    // Rows i of this warp.
    float sums[2] = {}, aRow[2];
    Left<T> gRows[P / 16], cRows[N / 16], byProduct[Q / 16];
#pragma unroll
    for (int half = 0; half < 2; half++) aRow[half] = a[first + half * 8 + lane / 4];
#pragma unroll
    for (int k = 0; k < P; k += 16) gRows[k / 16] = leftFrom<false>(g + first * S::X + k, S::X);
#pragma unroll
    for (int k = 0; k < N; k += 16) cRows[k / 16] = leftFrom<false>(c + first * S::S + k, S::S);
#pragma unroll
    for (int column = 0; column < Q; column += 16) {
      if (column > first) {
        if (lane < 16) columns[warp * Q + column + lane] = 0.0f;
        continue;
      }
      float seen[8] = {}, product[8] = {};
#pragma unroll
      for (int k = 0; k < P; k += 16) addProduct<true>(seen, gRows[k / 16], x + column * S::X + k, S::X);
#pragma unroll
      for (int k = 0; k < N; k += 16) addProduct<true>(product, cRows[k / 16], b + column * S::S + k, S::S);
      float byStep[8];
#pragma unroll
      for (int value = 0; value < 8; value++) {
        const int i = first + tileRow(value), j = column + tileColumn(value);
        const float decay = j <= i ? __expf(aRow[(value % 4) / 2] - a[j]) : 0.0f, weight = decay * dt[j];
        if (i == j) bySkip += seen[value];
        byStep[value] = seen[value] * product[value] * decay;
        sums[(value % 4) / 2] += byStep[value] * dt[j];
        product[value] *= weight;
        seen[value] *= weight;
      }
#pragma unroll
      for (int value = 0; value < 8; value += 2) {
        const int at = (first + tileRow(value)) * S::M + column + tileColumn(value);
        storePair(weights + at, product[value], product[value + 1]);
        storePair(products + at, seen[value], seen[value + 1]);
      }
      __syncwarp();
      byProduct[column / 16] = leftOf(seen, products + first * S::M + column, S::M);
#pragma unroll
      for (int pair = 0; pair < 4; pair++) {
        const int value = pair / 2 * 4 + pair % 2;
        float sum = byStep[value] + byStep[value + 2];
        for (int offset = 4; offset < 32; offset *= 2) sum += __shfl_xor_sync(0xffffffffu, sum, offset);
        if (lane < 4) columns[warp * Q + column + tileColumn(value)] = sum;
      }
    }
    const float fromStart[2] = {__expf(aRow[0]), __expf(aRow[1])};
#pragma unroll
    for (int n = 0; n < N; n += 16) {
      float sum[8] = {};
#pragma unroll
      for (int k = 0; k < P; k += 16) addProduct<true>(sum, gRows[k / 16], entering + n * S::X + k, S::X);
#pragma unroll
      for (int value = 0; value < 8; value++) {
        const int i = first + tileRow(value);
        sum[value] *= fromStart[(value % 4) / 2];
        sums[(value % 4) / 2] += sum[value] * wide(c[i * S::S + n + tileColumn(value)]);
      }
#pragma unroll
      for (int k = 0; k < Q; k += 16) {
        if (k > first) break;
        addProduct<false>(sum, byProduct[k / 16], b + k * S::S + n, S::S);
      }
#pragma unroll
      for (int half = 0; half < 2; half++) {
        const int i = first + half * 8 + lane / 4;
        storeRow(dmixed + stepOf(chunk, i, length, isReversed) * 2 * N + N + n, sum, half, chunk * Q + i < length);
      }
    }
#pragma unroll
    for (int half = 0; half < 2; half++) {
      float sum = sums[half];
      sum += __shfl_xor_sync(0xffffffffu, sum, 1);
      sum += __shfl_xor_sync(0xffffffffu, sum, 2);
      if (lane % 4 == 0) rows[first + half * 8 + lane / 4] = sum;
    }
    __syncthreads();

    // Rows j of this warp.
    float reached[2] = {}, toEnd[2], dtRow[2];
    Left<T> bRows[N / 16], taken[Q / 16];
#pragma unroll
    for (int half = 0; half < 2; half++) {
      toEnd[half] = __expf(last - aRow[half]);
      dtRow[half] = dt[first + half * 8 + lane / 4];
    }
#pragma unroll
    for (int k = 0; k < N; k += 16) bRows[k / 16] = leftFrom<false>(b + first * S::S + k, S::S);
#pragma unroll
    for (int k = 0; k < Q; k += 16)
      if (k >= first) taken[k / 16] = leftFrom<true>(weights + k * S::M + first, S::M);
#pragma unroll
    for (int p = 0; p < P; p += 16) {
      float sum[8] = {};
#pragma unroll
      for (int k = 0; k < N; k += 16) addProduct<false>(sum, bRows[k / 16], leaving + k * S::X + p, S::X);
#pragma unroll
      for (int value = 0; value < 8; value++) sum[value] *= toEnd[(value % 4) / 2] * dtRow[(value % 4) / 2];
#pragma unroll
      for (int k = 0; k < Q; k += 16)
        if (k >= first) addProduct<false>(sum, taken[k / 16], g + k * S::X + p, S::X);
#pragma unroll
      for (int value = 0; value < 8; value++)
        sum[value] += skip * wide(g[(first + tileRow(value)) * S::X + p + tileColumn(value)]);
#pragma unroll
      for (int half = 0; half < 2; half++) {
        const int j = first + half * 8 + lane / 4;
        storeRow(dx + stepOf(chunk, j, length, isReversed) * inner + p, sum, half, chunk * Q + j < length);
      }
    }
#pragma unroll
    for (int n = 0; n < N; n += 16) {
      float sum[8] = {};
#pragma unroll
      for (int k = 0; k < P; k += 16)
        addProduct<true>(sum, leftFrom<false>(x + first * S::X + k, S::X), leaving + n * S::X + k, S::X);
#pragma unroll
      for (int value = 0; value < 8; value++) {
        const int j = first + tileRow(value);
        sum[value] *= toEnd[(value % 4) / 2];
        reached[(value % 4) / 2] += sum[value] * wide(b[j * S::S + n + tileColumn(value)]);
        sum[value] *= dtRow[(value % 4) / 2];
      }
#pragma unroll
      for (int k = 0; k < Q; k += 16)
        if (k >= first) addProduct<false>(sum, leftFrom<true>(products + k * S::M + first, S::M), c + k * S::S + n, S::S);
#pragma unroll
      for (int half = 0; half < 2; half++) {
        const int j = first + half * 8 + lane / 4;
        storeRow(dmixed + stepOf(chunk, j, length, isReversed) * 2 * N + n, sum, half, chunk * Q + j < length);
      }
    }
#pragma unroll
    for (int half = 0; half < 2; half++) {
      float sum = reached[half];
      sum += __shfl_xor_sync(0xffffffffu, sum, 1);
      sum += __shfl_xor_sync(0xffffffffu, sum, 2);
      if (lane % 4 == 0) fromEnd[first + half * 8 + lane / 4] = sum;
    }
    const float decay = __expf(last);
    float through = 0.0f;
#pragma unroll
    for (int own = 0; own < S::OWN; own++) {
      const int tile = warp + 4 * own;
      if (tile >= S::TILES) break;
      const int n = tile / (P / 16) * 16, p = tile % (P / 16) * 16;
#pragma unroll
      for (int value = 0; value < 8; value++) {
        through += gradient[own][value] * wide(entering[(n + tileRow(value)) * S::X + p + tileColumn(value)]);
        gradient[own][value] *= decay;
      }
#pragma unroll
      for (int k = 0; k < Q; k += 16)
        addProduct<false>(gradient[own], leftFrom<true>(decayed + k * S::S + n, S::S), g + k * S::X + p, S::X);
    }
    through = sumOfWarp(through);
    if (lane == 0) carried[warp] = through * decay;
    __syncthreads();

    // The gradients by a, then by dt: a_i is a sum over the steps up to i, so theirs are sums from i on.
    if (warp == 0) {
      float byStep[2], byDecay[2], end = 0.0f;
      for (int k = 0; k < 2; k++) {
        const int row = 2 * lane + k;
        byStep[k] = columns[row] + columns[Q + row] + columns[2 * Q + row] + columns[3 * Q + row];
        end += dt[row] * fromEnd[row];
        byStep[k] += fromEnd[row];
        byDecay[k] = rows[row] - dt[row] * byStep[k];
      }
      end = sumOfWarp(end) + (carried[0] + carried[1] + carried[2] + carried[3]);
      float sum = byDecay[0] + byDecay[1];
      for (int offset = 1; offset < 32; offset *= 2) {
        const float other = __shfl_down_sync(0xffffffffu, sum, offset);
        if (lane + offset < 32) sum += other;
      }
      const float after = __shfl_down_sync(0xffffffffu, sum, 1);
      const float later[2] = {sum, (lane == 31 ? 0.0f : after) + byDecay[1]};
      for (int k = 0; k < 2; k++) {
        const int row = 2 * lane + k;
        if (chunk * Q + row >= length) continue;
        const float byProduct = later[k] + end;
        const float byRaw = (byStep[k] + A * byProduct) * slope[row];
        byA += dt[row] * byProduct;
        byBias += byRaw;
        draw[stepOf(chunk, row, length, isReversed) * rawStride] = narrow<T>(byRaw);
      }
    }
  }
  bySkip = sumOfWarp(bySkip);
  byA = sumOfWarp(byA);
  byBias = sumOfWarp(byBias);
  __syncthreads();
  if (lane == 0) carried[warp] = bySkip;
  __syncthreads();
  if (threadIdx.x == 0) {
    const long count = gridDim.x;
    perHead[blockIdx.x] = byA;
    perHead[count + blockIdx.x] = byBias;
    perHead[2 * count + blockIdx.x] = carried[0] + carried[1] + carried[2] + carried[3];
  }
}

#define ENTRIES(T, SUFFIX, FORWARD_BLOCKS, BACKWARD_BLOCKS)                                                        \
  extern "C" __global__ void __launch_bounds__(LANES_OF_BLOCK, FORWARD_BLOCKS) ssd_forward_##SUFFIX(              \
      const T* mixed, const T* raw, long rawStride, const float* biases, const float* logA, const float* skips,   \
      T* y, T* states, int length, int heads, int chunks, int directions, long perDirection,                      \
      int startsReversed) {                                                                                       \
    ssdForward<T>(mixed, raw, rawStride, biases, logA, skips, y, states, length, heads, chunks, directions,       \
                  perDirection, startsReversed);                                                                  \
  }                                                                                                               \
  extern "C" __global__ void __launch_bounds__(LANES_OF_BLOCK, BACKWARD_BLOCKS) ssd_backward_##SUFFIX(            \
      const T* mixed, const T* raw, long rawStride, const float* biases, const float* logA, const float* skips,   \
      const T* states, const T* dy, T* dx, T* dmixed, T* draw, float* perHead, int length, int heads, int chunks, \
      int directions, long perDirection, int startsReversed) {                                                    \
    ssdBackward<T>(mixed, raw, rawStride, biases, logA, skips, states, dy, dx, dmixed, draw, perHead, length,     \
                   heads, chunks, directions, perDirection, startsReversed);                                      \
  }
ENTRIES(float, float32, 1, 1)
// As many blocks at once as the registers of a multiprocessor allow without much spilling.
ENTRIES(bf16, bfloat16, 8, 4)
)cuda"
