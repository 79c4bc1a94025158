#pragma once

#include <cstddef>

namespace bgb {

// Memory of CPU tensors, in bytes.
struct HostMemory {
  size_t inUse;
  size_t peak;  // the most in use since the last mark
};

// With isMarking the peak starts anew from what is in use now.
HostMemory hostMemory(bool isMarking);

}  // namespace bgb
