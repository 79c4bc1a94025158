// Compiling, caching and launching kernels. The CUDA driver and NVRTC are reached by dlopen and the few of their
// functions that are needed are declared here, as their documentation gives them.
#include "cuda_kernels.h"

#ifdef BGB_HAS_CUDA

#include <c10/core/Stream.h>

#include <dlfcn.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <iomanip>
#include <map>
#include <mutex>
#include <sstream>

// As in c10/cuda/CUDAStream.h, which needs CUDA's headers.
namespace c10::cuda {
class CUDAStream {
 public:
  void* stream() const;

 private:
  Stream stream_;
};
CUDAStream getCurrentCUDAStream(DeviceIndex device);
}  // namespace c10::cuda

namespace bgb {

namespace {

const char* const PRELUDE =
#include "kernels/prelude.cu"
    ;

const char* sourceOf(KernelModule module) {
  switch (module) {
    case KernelModule::ssd:
      return
#include "kernels/ssd.cu"
          ;
    case KernelModule::causalConvolution:
      return
#include "kernels/causal_convolution.cu"
          ;
    case KernelModule::gatedNorm:
      return
#include "kernels/gated_norm.cu"
          ;
    case KernelModule::batchNorm:
      return
#include "kernels/batch_norm.cu"
          ;
    case KernelModule::residualNorm:
      return
#include "kernels/residual_norm.cu"
          ;
    case KernelModule::training:
      return
#include "kernels/training.cu"
          ;
  }
  return "";
}

// The CUDA driver API and NVRTC.
struct Cuda {
  int (*getDevice)(int*);
  int (*getAttribute)(int*, int, int);
  int (*getContext)(void**);
  int (*setContext)(void*);
  int (*retainContext)(void**, int);
  int (*loadModule)(void**, const void*);
  int (*getFunction)(void**, void*, const char*);
  int (*getFunctionAttribute)(int*, int, void*);
  int (*setFunctionAttribute)(void*, int, int);
  int (*launch)(void*, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned, void*, void**, void**);
  int (*errorName)(int, const char**);

  int (*version)(int*, int*);
  int (*createProgram)(void**, const char*, const char*, int, const char* const*, const char* const*);
  int (*compileProgram)(void*, int, const char* const*);
  int (*logSize)(void*, size_t*);
  int (*log)(void*, char*);
  int (*codeSize)(void*, size_t*);
  int (*code)(void*, char*);
  int (*assemblySize)(void*, size_t*);
  int (*assembly)(void*, char*);
  int (*destroyProgram)(void**);
  int (*archCount)(int*);
  int (*archs)(int*);

  std::string missing;  // empty when all of the above are there

  Cuda() {
    // libtorch's own stub finds both libraries where its package put them.
    void* stub = dlopen("libcaffe2_nvrtc.so", RTLD_NOW);
    void* driver = open({"libcuda.so.1", "libcuda.so"});
    void* compiler = nullptr;
    if (stub == nullptr || dlsym(stub, "nvrtcVersion") == nullptr)
      compiler = open({"libnvrtc.so.13", "libnvrtc.so.12", "libnvrtc.so"});
    else
      compiler = stub;
    if (driver == nullptr) missing = "libcuda.so.1 does not load";
    else if (compiler == nullptr) missing = "libnvrtc does not load";
    else resolve(driver, compiler);
  }

 private:
  static void* open(std::initializer_list<const char*> names) {
    for (const char* name : names)
      if (void* library = dlopen(name, RTLD_NOW)) return library;
    return nullptr;
  }

  void resolve(void* driver, void* compiler) {
    const auto find = [&](void* library, const char* name, auto& target) {
      target = reinterpret_cast<std::decay_t<decltype(target)>>(dlsym(library, name));
      if (target == nullptr && missing.empty()) missing = std::string(name) + " is missing";
    };
    find(driver, "cuCtxGetDevice", getDevice);
    find(driver, "cuDeviceGetAttribute", getAttribute);
    find(driver, "cuCtxGetCurrent", getContext);
    find(driver, "cuCtxSetCurrent", setContext);
    find(driver, "cuDevicePrimaryCtxRetain", retainContext);
    find(driver, "cuModuleLoadData", loadModule);
    find(driver, "cuModuleGetFunction", getFunction);
    find(driver, "cuFuncGetAttribute", getFunctionAttribute);
    find(driver, "cuFuncSetAttribute", setFunctionAttribute);
    find(driver, "cuLaunchKernel", launch);
    find(driver, "cuGetErrorName", errorName);
    find(compiler, "nvrtcVersion", version);
    find(compiler, "nvrtcCreateProgram", createProgram);
    find(compiler, "nvrtcCompileProgram", compileProgram);
    find(compiler, "nvrtcGetProgramLogSize", logSize);
    find(compiler, "nvrtcGetProgramLog", log);
    find(compiler, "nvrtcGetCUBINSize", codeSize);
    find(compiler, "nvrtcGetCUBIN", code);
    find(compiler, "nvrtcGetPTXSize", assemblySize);
    find(compiler, "nvrtcGetPTX", assembly);
    find(compiler, "nvrtcDestroyProgram", destroyProgram);
    find(compiler, "nvrtcGetNumSupportedArchs", archCount);
    find(compiler, "nvrtcGetSupportedArchs", archs);
    if (!missing.empty()) return;
    // NVRTC loads its builtins by name; beside it they may be on nobody's search path.
    Dl_info place;
    int major = 0, minor = 0;
    if (dladdr(reinterpret_cast<void*>(version), &place) != 0 && version(&major, &minor) == 0) {
      const std::string path = place.dli_fname;
      const auto name = "/libnvrtc-builtins.so." + std::to_string(major) + "." + std::to_string(minor);
      dlopen((path.substr(0, path.rfind('/')) + name).c_str(), RTLD_NOW | RTLD_GLOBAL);
    }
  }
};

const Cuda& cuda() {
  static const Cuda loaded;
  return loaded;
}

void check(int status, const char* what) {
  if (status == 0) return;
  const char* name = nullptr;
  cuda().errorName(status, &name);
  TORCH_CHECK(false, what, " failed: ", name == nullptr ? std::to_string(status) : std::string(name));
}

constexpr int COMPUTE_MAJOR = 75, COMPUTE_MINOR = 76, SHARED_LIMIT = 97;  // CUdevice_attribute
constexpr int STATIC_SHARED = 1, MAX_DYNAMIC_SHARED = 8;                   // CUfunction_attribute

// libtorch's backward threads may not have a context yet.
int currentDevice() {
  void* context = nullptr;
  check(cuda().getContext(&context), "cuCtxGetCurrent");
  if (context == nullptr) {
    check(cuda().retainContext(&context, 0), "cuDevicePrimaryCtxRetain");
    check(cuda().setContext(context), "cuCtxSetCurrent");
  }
  int device = 0;
  check(cuda().getDevice(&device), "cuCtxGetDevice");
  return device;
}

int attribute(int which) {
  int value = 0;
  check(cuda().getAttribute(&value, which, currentDevice()), "cuDeviceGetAttribute");
  return value;
}

std::mutex mutex;  // guards what follows
std::string chosenArchitecture;
std::map<std::string, void*> functions;

// The device's own machine code where this NVRTC knows it, else PTX of the newest architecture that it knows.
std::string architecture() {
  if (!chosenArchitecture.empty()) return chosenArchitecture;
  const int own = attribute(COMPUTE_MAJOR) * 10 + attribute(COMPUTE_MINOR);
  int count = 0;
  check(cuda().archCount(&count), "nvrtcGetNumSupportedArchs");
  std::vector<int> known(count);
  check(cuda().archs(known.data()), "nvrtcGetSupportedArchs");
  int newest = 0;
  for (const int each : known)
    if (each <= own && each > newest) newest = each;
  return (newest == own ? "sm_" : "compute_") + std::to_string(newest);
}

std::string compile(const std::string& source, const std::vector<std::string>& options, bool isAssembly) {
  void* program = nullptr;
  check(cuda().createProgram(&program, source.c_str(), "bgb.cu", 0, nullptr, nullptr), "nvrtcCreateProgram");
  std::vector<const char*> pointers;
  for (const auto& option : options) pointers.push_back(option.c_str());
  const int status = cuda().compileProgram(program, static_cast<int>(pointers.size()), pointers.data());
  if (status != 0) {
    size_t size = 0;
    cuda().logSize(program, &size);
    std::string log(size, '\0');
    cuda().log(program, log.data());
    cuda().destroyProgram(&program);
    TORCH_CHECK(false, "NVRTC refused a kernel of bgb: ", log);
  }
  size_t size = 0;
  check(isAssembly ? cuda().assemblySize(program, &size) : cuda().codeSize(program, &size), "NVRTC");
  std::string code(size, '\0');
  check(isAssembly ? cuda().assembly(program, code.data()) : cuda().code(program, code.data()), "NVRTC");
  cuda().destroyProgram(&program);
  return code;
}

// FNV-1a, from two starts.
std::string hashOf(const std::string& text) {
  std::ostringstream name;
  for (uint64_t state : {0xcbf29ce484222325ull, 0x84222325cbf29ce4ull}) {
    for (const unsigned char byte : text) state = (state ^ byte) * 0x100000001b3ull;
    name << std::hex << std::setw(16) << std::setfill('0') << state;
  }
  return name.str();
}

// Beside the addon; where that cannot be written, kernels are compiled by every process (a second or two).
std::string cacheFolder() {
  Dl_info place;
  if (dladdr(reinterpret_cast<void*>(&cacheFolder), &place) == 0) return "";
  const std::string addon = place.dli_fname;
  const auto folder = addon.substr(0, addon.rfind('/')) + "/kernels";
  mkdir(folder.c_str(), 0777);
  return folder;
}

std::string compiled(const std::string& source, const std::vector<std::string>& options, bool isAssembly) {
  int major = 0, minor = 0;
  cuda().version(&major, &minor);
  std::string identity = source + std::to_string(major) + "." + std::to_string(minor);
  for (const auto& option : options) identity += "\n" + option;
  const auto path = cacheFolder() + "/" + hashOf(identity) + (isAssembly ? ".ptx" : ".cubin");
  if (std::ifstream file{path, std::ios::binary}) {
    std::ostringstream content;
    content << file.rdbuf();
    if (!content.str().empty()) return content.str();
  }
  const auto code = compile(source, options, isAssembly);
  const auto temporary = path + "." + std::to_string(getpid());
  std::ofstream file{temporary, std::ios::binary};
  if (file << code && (file.close(), file.good())) std::rename(temporary.c_str(), path.c_str());
  else std::remove(temporary.c_str());
  return code;
}

void* functionOf(KernelModule module, const Defines& defines, const std::string& name) {
  std::ostringstream key;
  key << currentDevice() << ' ' << chosenArchitecture << ' ' << static_cast<int>(module) << ' ' << name;
  for (const auto& [macro, value] : defines) key << ' ' << macro << value;
  const std::lock_guard<std::mutex> lock(mutex);
  const auto known = functions.find(key.str());
  if (known != functions.end()) return known->second;

  const auto target = architecture();
  std::vector<std::string> options{"--std=c++17", "--gpu-architecture=" + target};
  for (const auto& [macro, value] : defines) options.push_back("-D" + std::string(macro) + "=" + std::to_string(value));
  const bool isAssembly = target.rfind("compute_", 0) == 0;
  const auto code = compiled(std::string(PRELUDE) + sourceOf(module), options, isAssembly);
  void* loaded = nullptr;
  void* function = nullptr;
  check(cuda().loadModule(&loaded, code.c_str()), "cuModuleLoadData");
  check(cuda().getFunction(&function, loaded, name.c_str()), "cuModuleGetFunction");
  int own = 0;
  check(cuda().getFunctionAttribute(&own, STATIC_SHARED, function), "cuFuncGetAttribute");
  check(cuda().setFunctionAttribute(function, MAX_DYNAMIC_SHARED, attribute(SHARED_LIMIT) - own), "cuFuncSetAttribute");
  functions.emplace(key.str(), function);
  return function;
}

}  // namespace

std::string kernelsMissing() {
  if (!cuda().missing.empty()) return cuda().missing;
  if (attribute(COMPUTE_MAJOR) < 8) return "the GPU's compute capability is below 8.0";
  return "";
}

void setKernelArchitecture(const std::string& architecture) {
  const std::lock_guard<std::mutex> lock(mutex);
  chosenArchitecture = architecture;
}

int64_t sharedMemoryLimit() { return attribute(SHARED_LIMIT); }

void launchKernel(KernelModule module, const Defines& defines, const std::string& name, const Grid& grid,
                  void** arguments) {
  void* function = functionOf(module, defines, name);
  void* stream = c10::cuda::getCurrentCUDAStream(-1).stream();
  check(cuda().launch(function, static_cast<unsigned>(grid.blocks), 1, 1, grid.threads, 1, 1,
                      static_cast<unsigned>(grid.sharedBytes), stream, arguments, nullptr),
        name.c_str());
}

}  // namespace bgb

#else

namespace bgb {
std::string kernelsMissing() { return "this libtorch has no CUDA"; }
void setKernelArchitecture(const std::string&) {}
int64_t sharedMemoryLimit() { return 0; }
void launchKernel(KernelModule, const Defines&, const std::string& name, const Grid&, void**) {
  TORCH_CHECK(false, name, ": this libtorch has no CUDA");
}
}  // namespace bgb

#endif
