R"cuda(// What every kernel here starts with: bfloat16, 16-byte vectors, sums over a warp, products of 16 x 16 tiles.
// Compiled at run time; no header is needed. Nothing uses atomics: the same input gives the same bits.
struct bf16 {
  unsigned short bits;
};

__device__ inline float wide(float value) { return value; }
__device__ inline float wide(bf16 value) { return __uint_as_float(static_cast<unsigned>(value.bits) << 16); }

template <class T>
__device__ inline T narrow(float value);
template <>
__device__ inline float narrow<float>(float value) {
  return value;
}
template <>
__device__ inline bf16 narrow<bf16>(float value) {
  bf16 result;
#ifdef BGB_EMULATED
  unsigned bits = __float_as_uint(value);
  bits += 0x7fff + ((bits >> 16) & 1);
  result.bits = static_cast<unsigned short>(bits >> 16);
#else
  asm("cvt.rn.bf16.f32 %0, %1;" : "=h"(result.bits) : "f"(value));
#endif
  return result;
}

// COUNT neighbours in memory, moved as one access.
template <class T, int COUNT>
struct alignas(sizeof(T) * COUNT) Vector {
  T at[COUNT];
};

template <class T, int COUNT>
__device__ inline Vector<T, COUNT> load(const T* from) {
  Vector<T, COUNT> result;
  if constexpr (sizeof(result) == 16) {
    *reinterpret_cast<uint4*>(&result) = *reinterpret_cast<const uint4*>(from);
  } else {
    static_assert(sizeof(result) == 8, "8 or 16 bytes");
    *reinterpret_cast<uint2*>(&result) = *reinterpret_cast<const uint2*>(from);
  }
  return result;
}
template <class T, int COUNT>
__device__ inline void store(T* to, const Vector<T, COUNT>& value) {
  if constexpr (sizeof(value) == 16) *reinterpret_cast<uint4*>(to) = *reinterpret_cast<const uint4*>(&value);
  else *reinterpret_cast<uint2*>(to) = *reinterpret_cast<const uint2*>(&value);
}

__device__ inline float sumOfWarp(float value) {
  for (int offset = 16; offset > 0; offset /= 2) value += __shfl_xor_sync(0xffffffffu, value, offset);
  return value;
}

__device__ inline float sigmoid(float value) { return __fdividef(1.0f, 1.0f + __expf(-value)); }
// As torch's: linear above 20, where it differs from the logarithm by less than float32 holds.
__device__ inline float softplus(float value) { return value > 20.0f ? value : log1pf(expf(value)); }

// Tiles. A warp holds a 16 x 16 tile of float32 as 8 values a lane: value (half * 4 + e) is at row
// lane / 4 + (e / 2) * 8, column half * 8 + (lane % 4) * 2 + e % 2, the layout of mma.m16n8k16.
__device__ inline int tileRow(int value) { return (threadIdx.x % 32) / 4 + ((value % 4) / 2) * 8; }
__device__ inline int tileColumn(int value) { return (value / 4) * 8 + (threadIdx.x % 4) * 2 + value % 2; }

// The left factor of a product of tiles, ready for use: in registers, or for float32, which no tensor core takes as
// it is, where it lies in shared memory.
template <class T>
struct Left {
  const T* at;
  int rowStride, kStride;
};

// A tile in shared memory, stored (row, k), or (k, row) where it IS_TURNED. Rows start at 16 bytes.
template <bool IS_TURNED, class T>
__device__ inline Left<T> leftFrom(const T* at, int stride) {
  return IS_TURNED ? Left<T>{at, 1, stride} : Left<T>{at, stride, 1};
}

// A tile that the warp holds as a sum; `scratch` (row, k) keeps it where it does not fit into registers.
template <class T>
__device__ inline Left<T> leftOf(const float* tile, T* scratch, int stride) {
  for (int value = 0; value < 8; value++) scratch[tileRow(value) * stride + tileColumn(value)] = narrow<T>(tile[value]);
  __syncwarp();
  return {scratch, stride, 1};
}

// sum += left * right; right is stored (k, column), or (column, k) where it IS_TURNED.
template <bool IS_TURNED, class T>
__device__ inline void addProduct(float* sum, const Left<T>& left, const T* right, int stride) {
  for (int k = 0; k < 16; k++) {
    for (int value = 0; value < 8; value++) {
      const int row = tileRow(value), column = tileColumn(value);
      sum[value] += wide(left.at[row * left.rowStride + k * left.kStride]) *
                    wide(IS_TURNED ? right[column * stride + k] : right[k * stride + column]);
    }
  }
}

// Stores row `half` (0 or 1) of those that the lane has of a tile; `to` is where that row's 16 columns start.
template <class T>
__device__ inline void storeRow(T* to, const float* tile, int half, bool isThere) {
  if (!isThere) return;
  const int column = (threadIdx.x % 4) * 2;
  for (int value = 0; value < 4; value++)
    to[(value / 2) * 8 + column + value % 2] = narrow<T>(tile[(value / 2) * 4 + half * 2 + value % 2]);
}

#ifndef BGB_EMULATED
template <>
struct Left<bf16> {
  unsigned part[4];
};

__device__ inline unsigned packed(float low, float high) {
  unsigned result;
  asm("cvt.rn.bf16x2.f32 %0, %1, %2;" : "=r"(result) : "f"(high), "f"(low));
  return result;
}
__device__ inline void loadMatrices(unsigned* to, const bf16* from, bool isTurned) {
  const unsigned address = static_cast<unsigned>(__cvta_generic_to_shared(from));
  if (isTurned)
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0,%1,%2,%3}, [%4];"
                 : "=r"(to[0]), "=r"(to[1]), "=r"(to[2]), "=r"(to[3]) : "r"(address) : "memory");
  else
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0,%1,%2,%3}, [%4];"
                 : "=r"(to[0]), "=r"(to[1]), "=r"(to[2]), "=r"(to[3]) : "r"(address) : "memory");
}
__device__ inline void multiply(float* sum, const unsigned* a, unsigned b0, unsigned b1) {
  asm("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};"
      : "+f"(sum[0]), "+f"(sum[1]), "+f"(sum[2]), "+f"(sum[3])
      : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
}

// Lane l points at row l % 8 of 8 x 8 block l / 8, blocks in the order that the instructions want.
template <bool IS_TURNED>
__device__ inline Left<bf16> leftFrom(const bf16* at, int stride) {
  const int row = threadIdx.x % 8, low = (threadIdx.x % 32 / 8) % 2 * 8, high = threadIdx.x % 32 / 16 * 8;
  Left<bf16> left;
  loadMatrices(left.part, IS_TURNED ? at + (high + row) * stride + low : at + (low + row) * stride + high, IS_TURNED);
  return left;
}
// A sum lies in registers as a left factor does.
__device__ inline Left<bf16> leftOf(const float* tile, bf16*, int) {
  return {{packed(tile[0], tile[1]), packed(tile[2], tile[3]), packed(tile[4], tile[5]), packed(tile[6], tile[7])}};
}
template <bool IS_TURNED>
__device__ inline void addProduct(float* sum, const Left<bf16>& left, const bf16* right, int stride) {
  const int row = threadIdx.x % 8, low = (threadIdx.x % 32 / 8) % 2 * 8, high = threadIdx.x % 32 / 16 * 8;
  unsigned part[4];
  loadMatrices(part, IS_TURNED ? right + (high + row) * stride + low : right + (low + row) * stride + high, !IS_TURNED);
  multiply(sum, left.part, part[0], part[1]);
  multiply(sum + 4, left.part, part[2], part[3]);
}
// Neighbouring lanes exchange halves, so that each stores four neighbours and four lanes a sector of 32 bytes.
__device__ inline void storeRow(bf16* to, const float* tile, int half, bool isThere) {
  const unsigned first = packed(tile[half * 2], tile[half * 2 + 1]);
  const unsigned second = packed(tile[4 + half * 2], tile[4 + half * 2 + 1]);
  const bool isOdd = threadIdx.x % 2;
  const unsigned other = __shfl_xor_sync(0xffffffffu, isOdd ? first : second, 1);
  const uint2 both = isOdd ? make_uint2(other, second) : make_uint2(first, other);
  if (isThere) *reinterpret_cast<uint2*>(to + isOdd * 8 + (threadIdx.x % 4) / 2 * 4) = both;
}
#endif
)cuda"
