// Runs CUDA kernels on the CPU, slowly: each thread of a block is a coroutine, blocks run one after the other.
// Barriers of block and warp, shuffles and shared memory behave as on a GPU; shared memory starts as NaN, so that
// reading what nobody wrote shows. What only hardware has (matrix loads and products) is behind BGB_EMULATED in
// native/kernels/prelude.cu, with the same results.
#pragma once
#include <ucontext.h>

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <vector>

#define BGB_EMULATED
#define __device__
#define __global__
#define __launch_bounds__(...)
#define __shared__ static

struct uint2 {
  unsigned x, y;
};
struct uint4 {
  unsigned x, y, z, w;
};
struct Index {
  int x, y, z;
};

namespace emulated {

enum class State { ready, atWarpBarrier, atBlockBarrier, done };

struct Thread {
  ucontext_t context;
  State state = State::done;
  std::vector<char> stack = std::vector<char>(256 * 1024);
};

inline std::vector<Thread> threads(256);
inline ucontext_t scheduler;
inline int current = 0, count = 0;
inline float exchanged[256];
inline std::function<void()> kernel;
inline unsigned char* shared = nullptr;

inline void wait(State state) {
  threads[current].state = state;
  swapcontext(&threads[current].context, &scheduler);
}

inline void enter() {
  kernel();
  wait(State::done);
}

// Lets the threads first to end go on if each of them waits at this barrier or is done.
inline bool release(int first, int end, State barrier) {
  bool isWaiting = false;
  for (int i = first; i < end; i++) {
    if (threads[i].state == barrier) isWaiting = true;
    else if (threads[i].state != State::done) return false;
  }
  for (int i = first; i < end && isWaiting; i++)
    if (threads[i].state == barrier) threads[i].state = State::ready;
  return isWaiting;
}

template <class T>
T shuffle(T value, int source) {
  static_assert(sizeof(T) == 4);
  memcpy(&exchanged[current], &value, 4);
  wait(State::atWarpBarrier);
  const int lane = current % 32;
  memcpy(&value, &exchanged[current - lane + (source >= 0 && source < 32 ? source : lane)], 4);
  wait(State::atWarpBarrier);
  return value;
}

}  // namespace emulated

inline Index threadIdx, blockIdx, gridDim;

inline void __syncthreads() { emulated::wait(emulated::State::atBlockBarrier); }
inline void __syncwarp() { emulated::wait(emulated::State::atWarpBarrier); }
template <class T>
T __shfl_xor_sync(unsigned, T value, int mask) {
  return emulated::shuffle(value, emulated::current % 32 ^ mask);
}
template <class T>
T __shfl_up_sync(unsigned, T value, int distance) {
  return emulated::shuffle(value, emulated::current % 32 - distance);
}
template <class T>
T __shfl_down_sync(unsigned, T value, int distance) {
  return emulated::shuffle(value, emulated::current % 32 + distance);
}
inline float __uint_as_float(unsigned bits) {
  float value;
  memcpy(&value, &bits, 4);
  return value;
}
inline unsigned __float_as_uint(float value) {
  unsigned bits;
  memcpy(&bits, &value, 4);
  return bits;
}
inline float __expf(float value) { return expf(value); }
inline float __fdividef(float a, float b) { return a / b; }
inline float rsqrtf(float value) { return 1.0f / sqrtf(value); }

// Runs `kernel` over a grid of blocks, threads from the last to the first so that an order taken for granted shows.
inline void launch(long blocks, int threads, size_t sharedBytes, std::function<void()> kernel) {
  using namespace emulated;
  alignas(16) static unsigned char memory[256 * 1024];
  emulated::shared = memory;
  emulated::kernel = std::move(kernel);
  count = threads;
  gridDim = {static_cast<int>(blocks), 1, 1};
  for (int block = 0; block < blocks; block++) {
    blockIdx = {block, 0, 0};
    memset(memory, 0xff, sharedBytes);
    for (int i = 0; i < count; i++) {
      auto& thread = emulated::threads[i];
      getcontext(&thread.context);
      thread.context.uc_stack.ss_sp = thread.stack.data();
      thread.context.uc_stack.ss_size = thread.stack.size();
      thread.state = State::ready;
      makecontext(&thread.context, enter, 0);
    }
    for (bool isRunning = true; isRunning;) {
      isRunning = false;
      for (int i = count - 1; i >= 0; i--) {
        if (emulated::threads[i].state != State::ready) continue;
        isRunning = true;
        current = i;
        threadIdx = {i, 0, 0};
        swapcontext(&scheduler, &emulated::threads[i].context);
      }
      for (int warp = 0; warp < count; warp += 32) isRunning |= release(warp, warp + 32, State::atWarpBarrier);
      isRunning |= release(0, count, State::atBlockBarrier);
    }
    for (int i = 0; i < count; i++)
      if (emulated::threads[i].state != State::done) {
        fprintf(stderr, "block %d: thread %d waits at a barrier that others never reach\n", block, i);
        exit(1);
      }
  }
}

// Numbers in [-1, 1), the same in every run.
inline double drawn() {
  static unsigned long state = 1;
  state = state * 6364136223846793005ul + 1442695040888963407ul;
  return static_cast<double>(state >> 11) / (1ul << 52) - 1.0;
}

// The root of the summed squares of the difference, in shares of that of `expected`; NaN never passes.
inline double distance(const std::vector<double>& found, const std::vector<double>& expected) {
  double difference = 0, norm = 0;
  for (size_t i = 0; i < expected.size(); i++) {
    difference += (found[i] - expected[i]) * (found[i] - expected[i]);
    norm += expected[i] * expected[i];
  }
  return norm == 0 ? std::sqrt(difference) : std::sqrt(difference / norm);
}

// A line for the test that started this program.
inline void report(const char* kernel, const char* dtype, const char* sizes, const char* name, double error) {
  printf("{\"kernel\":\"%s\",\"dtype\":\"%s\",\"sizes\":\"%s\",\"name\":\"%s\",\"error\":%g}\n", kernel, dtype, sizes,
         name, std::isfinite(error) ? error : 1e300);
}
