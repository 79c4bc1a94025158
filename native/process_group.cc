// Everything about c10d that differs between libtorch 1.13 and 2.x is in this file alone. A group is known by a
// number, which operators can take; the table of groups is the process's, as the processes they join are.
#include "process_group.h"

#include "module.h"
#include "tensor.h"

#include <torch/csrc/distributed/c10d/TCPStore.hpp>
#include <torch/csrc/distributed/c10d/PrefixStore.hpp>
#if BGB_TORCH_VERSION_MAJOR >= 2
#include <torch/csrc/distributed/c10d/Backend.hpp>
#else
#include <torch/csrc/distributed/c10d/ProcessGroup.hpp>
#endif
#ifdef USE_C10D_GLOO
#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>
#endif
#ifdef USE_C10D_NCCL
#include <torch/csrc/distributed/c10d/ProcessGroupNCCL.hpp>
#endif

#include <chrono>
#include <map>
#include <mutex>

namespace bgb {

namespace {

#if BGB_TORCH_VERSION_MAJOR >= 2
using Backend = c10d::Backend;
#else
using Backend = c10d::ProcessGroup;
#endif

using Milliseconds = std::chrono::milliseconds;

// What is waited for at once runs on the caller's stream where c10d can do that (PyTorch 2.7 and later): no events
// between streams, which take longer than a small message.
template <typename Options>
auto onCallersStream(Options& options, int) -> decltype(options.asyncOp, void()) {
  options.asyncOp = false;
}
template <typename Options>
void onCallersStream(Options&, long) {}

// With asyncOp false there may be nothing to wait for.
template <typename Work>
void waitFor(const Work& work) {
  if (work) work->wait();
}

class C10dGroup : public ProcessGroup {
 public:
  C10dGroup(c10::intrusive_ptr<c10d::Store> store, c10::intrusive_ptr<Backend> backend)
      : store_(std::move(store)), backend_(std::move(backend)) {}

  int rank() const override { return backend_->getRank(); }
  int size() const override { return backend_->getSize(); }

  std::function<void()> startAllReduce(const at::Tensor& tensor) override {
    std::vector<at::Tensor> tensors{tensor};
    auto work = backend_->allreduce(tensors);
    return [work] { work->wait(); };
  }

  void allReduce(const at::Tensor& tensor) override {
    std::vector<at::Tensor> tensors{tensor};
    c10d::AllreduceOptions options;
    onCallersStream(options, 0);
    waitFor(backend_->allreduce(tensors, options));
  }

  void broadcast(const at::Tensor& tensor, int from) override {
    std::vector<at::Tensor> tensors{tensor};
    c10d::BroadcastOptions options;
    options.rootRank = from;
    backend_->broadcast(tensors, options)->wait();
  }

  at::Tensor allGather(const at::Tensor& tensor) override {
    auto shape = tensor.sizes().vec();
    shape.insert(shape.begin(), size());
    auto gathered = at::empty(shape, tensor.options());
    c10d::AllgatherOptions options;
    onCallersStream(options, 0);
    if (tensor.is_cuda()) {
      at::Tensor input = tensor;
      waitFor(backend_->_allgather_base(gathered, input, options));
      return gathered;
    }
    // Gloo has no other: views of the result, one for each process.
    std::vector<std::vector<at::Tensor>> pieces{gathered.unbind()};
    std::vector<at::Tensor> inputs{tensor};
    waitFor(backend_->allgather(pieces, inputs, options));
    return gathered;
  }

  // In order: NCCL wants to be told, and watches the store, which the first process serves, until then.
  void leave() {
#ifdef USE_C10D_NCCL
    if (auto* nccl = dynamic_cast<c10d::ProcessGroupNCCL*>(backend_.get())) nccl->shutdown();
#endif
    try {
      if (rank() > 0) {
        store_->set("left/" + std::to_string(rank()), std::vector<uint8_t>{1});
        return;
      }
      std::vector<std::string> others;
      for (int i = 1; i < size(); i++) others.push_back("left/" + std::to_string(i));
      store_->wait(others, Milliseconds(2000));
    } catch (const std::exception&) {
      // Who is gone does not say so.
    }
  }

  c10d::Store& store() { return *store_; }

 private:
  c10::intrusive_ptr<c10d::Store> store_;
  c10::intrusive_ptr<Backend> backend_;
};

std::mutex groupsMutex;
std::map<int64_t, std::shared_ptr<C10dGroup>> groups;
int64_t lastId = 0;

std::shared_ptr<C10dGroup> c10dGroup(int64_t id) {
  std::lock_guard<std::mutex> lock(groupsMutex);
  const auto found = groups.find(id);
  TORCH_CHECK(found != groups.end(), "the process group ", id, " is closed");
  return found->second;
}

c10::intrusive_ptr<Backend> makeBackend(const std::string& name, const c10::intrusive_ptr<c10d::Store>& store,
                                        int rank, int size, Milliseconds timeout) {
#ifdef USE_C10D_GLOO
  if (name == "gloo") {
    auto options = c10d::ProcessGroupGloo::Options::create(timeout);
    // Processes of one machine: nothing listens on another interface.
    options->devices.push_back(c10d::ProcessGroupGloo::createDeviceForHostname("127.0.0.1"));
    return c10::make_intrusive<c10d::ProcessGroupGloo>(store, rank, size, options);
  }
#endif
#ifdef USE_C10D_NCCL
  if (name == "nccl") {
    auto options = c10d::ProcessGroupNCCL::Options::create();
    options->timeout = timeout;
    return c10::make_intrusive<c10d::ProcessGroupNCCL>(store, rank, size, options);
  }
#endif
  (void)store, (void)rank, (void)size, (void)timeout;
  TORCH_CHECK(false, "the bridge was built without ", name,
              ": its headers were not found beside libtorch when it was compiled");
}

// ({host, port, rank, size, backend, timeoutMs}) -> {id, port}. Rank 0 serves the store; with port 0 it chooses one.
Napi::Value openProcessGroup(const Napi::CallbackInfo& info) {
  auto env = info.Env();
  return guarded(env, [&] {
    const auto asked = info[0].As<Napi::Object>();
    const auto number = [&](const char* name) { return asked.Get(name).As<Napi::Number>().Int64Value(); };
    const int rank = number("rank"), size = number("size");
    const Milliseconds timeout(number("timeoutMs"));
    c10d::TCPStoreOptions options;
    options.port = static_cast<std::uint16_t>(number("port"));
    options.isServer = rank == 0;
    options.waitWorkers = false;
    options.timeout = timeout;
    auto store = c10::make_intrusive<c10d::TCPStore>(std::string("127.0.0.1"), options);
    auto result = Napi::Object::New(env);
    result.Set("port", static_cast<double>(store->getPort()));
    if (asked.Has("onPort")) asked.Get("onPort").As<Napi::Function>().Call({result.Get("port")});
    auto backend = makeBackend(asked.Get("backend").As<Napi::String>(),
                               c10::make_intrusive<c10d::PrefixStore>("group", store), rank, size, timeout);
    std::lock_guard<std::mutex> lock(groupsMutex);
    groups[++lastId] = std::make_shared<C10dGroup>(store, backend);
    result.Set("id", static_cast<double>(lastId));
    return result;
  });
}

int64_t idOf(const Napi::Value& value) { return value.As<Napi::Number>().Int64Value(); }

void closeProcessGroup(const Napi::CallbackInfo& info) {
  guarded(info.Env(), [&] {
    std::shared_ptr<C10dGroup> group;
    std::lock_guard<std::mutex> lock(groupsMutex);
    const auto found = groups.find(idOf(info[0]));
    if (found == groups.end()) return;
    group = found->second;
    groups.erase(found);
    group->leave();
  });
}

// (id, tensor)
void allReduce(const Napi::CallbackInfo& info) {
  guarded(info.Env(), [&] { c10dGroup(idOf(info[0]))->allReduce(TensorBase::unwrap(info[1], "tensor")); });
}

// (id, tensor, from)
void broadcast(const Napi::CallbackInfo& info) {
  guarded(info.Env(), [&] {
    c10dGroup(idOf(info[0]))->broadcast(TensorBase::unwrap(info[1], "tensor"),
                                        info[2].As<Napi::Number>().Int32Value());
  });
}

// (id, key, text): says something to the other processes.
void tellPeers(const Napi::CallbackInfo& info) {
  guarded(info.Env(), [&] {
    const std::string text = info[2].As<Napi::String>();
    c10dGroup(idOf(info[0]))->store().set(info[1].As<Napi::String>(), std::vector<uint8_t>(text.begin(), text.end()));
  });
}

// (id, key) -> text; waits until a process has said it.
Napi::Value askPeers(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&] {
    const auto bytes = c10dGroup(idOf(info[0]))->store().get(info[1].As<Napi::String>());
    return Napi::String::New(info.Env(), std::string(bytes.begin(), bytes.end()));
  });
}

Napi::Value collectiveBackends(const Napi::CallbackInfo& info) {
  auto names = Napi::Array::New(info.Env());
#ifdef USE_C10D_GLOO
  names.Set(names.Length(), "gloo");
#endif
#ifdef USE_C10D_NCCL
  names.Set(names.Length(), "nccl");
#endif
  return names;
}

}  // namespace

std::shared_ptr<ProcessGroup> processGroup(int64_t id) { return c10dGroup(id); }

void defineProcessGroups(Napi::Env env, Napi::Object exports) {
  exports.Set("openProcessGroup", Napi::Function::New<openProcessGroup>(env));
  exports.Set("closeProcessGroup", Napi::Function::New<closeProcessGroup>(env));
  exports.Set("allReduce", Napi::Function::New<allReduce>(env));
  exports.Set("broadcast", Napi::Function::New<broadcast>(env));
  exports.Set("tellPeers", Napi::Function::New<tellPeers>(env));
  exports.Set("askPeers", Napi::Function::New<askPeers>(env));
  exports.Set("collectiveBackends", Napi::Function::New<collectiveBackends>(env));
}

}  // namespace bgb
