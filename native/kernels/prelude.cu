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

__device__ inline float sigmoid(float value) { return 1.0f / (1.0f + __expf(-value)); }
// As torch's: linear above 20, where it differs from the logarithm by less than float32 holds.
__device__ inline float softplus(float value) { return value > 20.0f ? value : log1pf(expf(value)); }

// Tiles. A warp holds a 16 x 16 tile of float32 as 8 values a lane: value (half * 4 + e) is at row
// lane / 4 + (e / 2) * 8, column half * 8 + (lane % 4) * 2 + e % 2, the layout of mma.m16n8k16.
__device__ inline int tileRow(int value) { return (threadIdx.x % 32) / 4 + ((value % 4) / 2) * 8; }
__device__ inline int tileColumn(int value) { return (value / 4) * 8 + (threadIdx.x % 4) * 2 + value % 2; }

// sum += A B over 16 x 16 tiles in shared memory. A_TURNED: A is stored (k, row) instead of (row, k);
// B_TURNED: B is stored (column, k) instead of (k, column). Strides in elements; rows start at 16 bytes.
template <bool A_TURNED, bool B_TURNED, class T>
__device__ inline void addProduct(float* sum, const T* a, int strideA, const T* b, int strideB) {
  for (int k = 0; k < 16; k++) {
    for (int value = 0; value < 8; value++) {
      const int row = tileRow(value), column = tileColumn(value);
      const float left = wide(A_TURNED ? a[k * strideA + row] : a[row * strideA + k]);
      const float right = wide(B_TURNED ? b[column * strideB + k] : b[k * strideB + column]);
      sum[value] += left * right;
    }
  }
}

#ifndef BGB_EMULATED
__device__ inline void loadMatrices(unsigned* to, const bf16* from, bool isTurned) {
  const unsigned address = static_cast<unsigned>(__cvta_generic_to_shared(from));
  if (isTurned)
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0,%1,%2,%3}, [%4];"
                 : "=r"(to[0]), "=r"(to[1]), "=r"(to[2]), "=r"(to[3])
                 : "r"(address) : "memory");
  else
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0,%1,%2,%3}, [%4];"
                 : "=r"(to[0]), "=r"(to[1]), "=r"(to[2]), "=r"(to[3])
                 : "r"(address) : "memory");
}
__device__ inline void multiply(float* sum, const unsigned* a, unsigned b0, unsigned b1) {
  asm volatile("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};"
               : "+f"(sum[0]), "+f"(sum[1]), "+f"(sum[2]), "+f"(sum[3])
               : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
}
template <bool A_TURNED, bool B_TURNED>
__device__ inline void addProduct(float* sum, const bf16* a, int strideA, const bf16* b, int strideB) {
  // Lane l points at row l % 8 of 8 x 8 block l / 8; blocks in the order that the instruction wants.
  const int row = threadIdx.x % 8, low = (threadIdx.x % 32 / 8) % 2 * 8, high = threadIdx.x % 32 / 16 * 8;
  unsigned left[4], right[4];
  loadMatrices(left, A_TURNED ? a + (high + row) * strideA + low : a + (low + row) * strideA + high, A_TURNED);
  loadMatrices(right, B_TURNED ? b + (high + row) * strideB + low : b + (low + row) * strideB + high, !B_TURNED);
  multiply(sum, left, right[0], right[1]);
  multiply(sum + 4, left, right[2], right[3]);
}
#endif
)cuda"
