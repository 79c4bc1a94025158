// Collectives among the processes of a data-parallel training: libtorch's own c10d.
#pragma once
#include <ATen/core/Tensor.h>

#include <functional>
#include <memory>

namespace bgb {

class ProcessGroup {
 public:
  virtual ~ProcessGroup() = default;
  virtual int rank() const = 0;
  virtual int size() const = 0;
  // Sums a contiguous tensor over all processes in place: begins when what the current stream has been given is
  // done, and the returned function makes the current stream (on the CPU the caller) wait for the end.
  virtual std::function<void()> startAllReduce(const at::Tensor& tensor) = 0;
  virtual void broadcast(const at::Tensor& tensor, int from) = 0;
  // Sums a contiguous tensor over all processes in place, for what the current stream does next.
  virtual void allReduce(const at::Tensor& tensor) = 0;
  // Every process's contiguous tensor of this shape, in order of ranks: (processes, ...).
  virtual at::Tensor allGather(const at::Tensor& tensor) = 0;
};

// By the number that JavaScript knows it by; throws if it is closed.
std::shared_ptr<ProcessGroup> processGroup(int64_t id);

}  // namespace bgb
