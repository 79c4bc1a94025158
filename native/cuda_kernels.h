// CUDA kernels of our own, compiled at run time with the NVRTC that libtorch brings: a machine needs no nvcc and
// no CUDA headers. Only what a bridge to a libtorch with CUDA calls; elsewhere `kernelsMissing` says why not.
#pragma once
#include <ATen/core/Tensor.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace bgb {

// A file of native/kernels/.
enum class KernelModule { ssd, causalConvolution, gatedNorm, batchNorm, residualNorm, training };

#if BGB_TORCH_VERSION_MAJOR >= 2
using OptionalTensor = std::optional<at::Tensor>;
#else
using OptionalTensor = c10::optional<at::Tensor>;
#endif

using Defines = std::vector<std::pair<const char*, int64_t>>;

// Empty where kernels can run on the current CUDA device, else the reason in a clause.
std::string kernelsMissing();

// Compiles for this architecture instead of the device's own: "compute_80" takes the way of PTX. Empty: the device's.
void setKernelArchitecture(const std::string& architecture);

// Bytes of shared memory that a block may have on the current device.
int64_t sharedMemoryLimit();

struct Grid {
  int64_t blocks;
  int threads;
  int64_t sharedBytes = 0;
};

// Runs a kernel of a module, compiled with these macros, on the current stream of the current device.
void launchKernel(KernelModule module, const Defines& defines, const std::string& name, const Grid& grid,
                  void** arguments);

template <typename... Arguments>
void launch(KernelModule module, const Defines& defines, const std::string& name, const Grid& grid,
            Arguments... arguments) {
  void* pointers[] = {static_cast<void*>(&arguments)...};
  launchKernel(module, defines, name, grid, pointers);
}

// "float32" or "bfloat16", the end of a kernel's name; throws for any other dtype.
inline const char* suffixOf(const at::Tensor& tensor) {
  const auto type = tensor.scalar_type();
  TORCH_CHECK(type == at::kFloat || type == at::kBFloat16, "bgb's kernels take float32 and bfloat16, found ", type);
  return type == at::kFloat ? "float32" : "bfloat16";
}

inline void* pointerTo(const at::Tensor& tensor) { return tensor.defined() ? tensor.data_ptr() : nullptr; }

}  // namespace bgb
