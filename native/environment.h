// State of the addon for one N-API environment: the main thread and every worker thread have one each, so
// nothing here needs a lock and nothing survives the thread that owns it.
#pragma once
#define NAPI_EXPERIMENTAL  // finalizers run inside the collection, not on a later turn of the event loop
#include <napi.h>

#include <ATen/core/dispatch/Dispatcher.h>

#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace bgb {

// References to JavaScript buffers that tensors have let go of. libtorch may drop the last reference to a
// storage on a thread of its own (CUDA's backward does), where N-API must not be touched: the reference waits
// here until the next call from JavaScript.
class Released {
 public:
  void add(Napi::ObjectReference* reference) {
    std::lock_guard<std::mutex> lock(mutex_);
    references_.push_back(reference);
  }
  void drain() {
    std::vector<Napi::ObjectReference*> taken;
    {
      std::lock_guard<std::mutex> lock(mutex_);
      taken.swap(references_);
    }
    for (auto* reference : taken) delete reference;
  }

 private:
  std::mutex mutex_;
  std::vector<Napi::ObjectReference*> references_;
};

struct Environment {
  Napi::FunctionReference tensorClass;
  std::vector<c10::OperatorHandle> operators;
  std::unordered_map<std::string, size_t> operatorIds;
  std::shared_ptr<Released> released = std::make_shared<Released>();
  int64_t liveTensors = 0;

  static Environment& of(Napi::BasicEnv env) { return *env.GetInstanceData<Environment>(); }
};

// Runs `body` and turns what C++ throws into a JavaScript error with libtorch's message, without its backtrace.
template <typename Body>
auto guarded(Napi::Env env, Body&& body) -> decltype(body()) {
  try {
    return std::forward<Body>(body)();
  } catch (const Napi::Error&) {
    throw;
  } catch (const c10::Error& error) {
    throw Napi::Error::New(env, error.what_without_backtrace());
  } catch (const std::exception& error) {
    throw Napi::Error::New(env, error.what());
  }
}

}  // namespace bgb
