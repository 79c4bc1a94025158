// Sums gradients over processes while backward still computes: parameters lie one after the other in a flat buffer,
// which is cut into buckets; the last gradient of a bucket starts its reduction. As in PyTorch's DistributedDataParallel
// (Li et al. 2020, "PyTorch Distributed"), buckets are reduced in one fixed order, from the last to the first, whatever
// order they become ready in: processes that started them in different orders would wait for each other for ever.
//
// The hooks run on libtorch's threads and never call JavaScript.
#include "module.h"
#include "process_group.h"
#include "tensor.h"

#include <torch/csrc/autograd/function.h>
#include <torch/csrc/autograd/function_hook.h>
#include <torch/csrc/autograd/variable.h>

#include <mutex>

namespace bgb {

namespace {

struct Bucket {
  at::Tensor gradients;
  size_t parameters;
};

struct Reduction {
  std::shared_ptr<ProcessGroup> group;
  std::vector<Bucket> buckets;
  std::mutex mutex;
  bool isArmed = false;
  std::vector<size_t> waitingFor;
  size_t next = 0;  // Bucket that is reduced next.
  std::vector<std::function<void()>> started;

  void arm() {
    std::lock_guard<std::mutex> lock(mutex);
    isArmed = true;
    next = 0;
    started.clear();
    waitingFor.clear();
    for (const auto& bucket : buckets) waitingFor.push_back(bucket.parameters);
  }

  void ready(size_t bucket) {
    std::lock_guard<std::mutex> lock(mutex);
    if (!isArmed || waitingFor[bucket] == 0) return;
    waitingFor[bucket]--;
    while (next < buckets.size() && waitingFor[next] == 0) startNext();
  }

  // What no gradient came for is reduced, too: another process may have one.
  void finish() {
    std::lock_guard<std::mutex> lock(mutex);
    isArmed = false;
    while (next < buckets.size()) startNext();
    for (const auto& wait : started) wait();
    started.clear();
  }

 private:
  void startNext() { started.push_back(group->startAllReduce(buckets[next++].gradients)); }
};

class ReadyHook : public torch::autograd::FunctionPostHook {
 public:
  ReadyHook(std::shared_ptr<Reduction> reduction, size_t bucket)
      : reduction_(std::move(reduction)), bucket_(bucket) {}

  torch::autograd::variable_list operator()(const torch::autograd::variable_list& outputs,
                                            const torch::autograd::variable_list&) override {
    reduction_->ready(bucket_);
    return outputs;
  }

 private:
  std::shared_ptr<Reduction> reduction_;
  size_t bucket_;
};

// (group's id, parameters in the order of the flat buffer, flat gradients, elements a bucket)
class GradientReducer : public Napi::ObjectWrap<GradientReducer> {
 public:
  static void define(Napi::Env env, Napi::Object exports) {
    exports.Set("GradientReducer", DefineClass(env, "GradientReducer",
                                               {InstanceMethod<&GradientReducer::arm>("arm"),
                                                InstanceMethod<&GradientReducer::finish>("finish"),
                                                InstanceMethod<&GradientReducer::dispose>("dispose")}));
  }

  explicit GradientReducer(const Napi::CallbackInfo& info) : Napi::ObjectWrap<GradientReducer>(info) {
    guarded(info.Env(), [&] {
      reduction_->group = processGroup(info[0].As<Napi::Number>().Int64Value());
      const auto parameters = info[1].As<Napi::Array>();
      const auto gradients = TensorBase::unwrap(info[2], "gradients");
      const auto perBucket = info[3].As<Napi::Number>().Int64Value();
      // From the end, since backward comes to the last layers first.
      int64_t end = gradients.numel(), start = end;
      size_t members = 0;
      for (uint32_t i = parameters.Length(); i-- > 0;) {
        const at::Tensor parameter = TensorBase::unwrap(parameters[i], "parameters");
        start -= parameter.numel();
        members++;
        auto accumulator = torch::autograd::impl::grad_accumulator(parameter);
        const auto bucket = reduction_->buckets.size();
        hooks_.emplace_back(accumulator,
                            accumulator->add_post_hook(std::make_unique<ReadyHook>(reduction_, bucket)));
        if (end - start < perBucket && i > 0) continue;
        reduction_->buckets.push_back({gradients.narrow(0, start, end - start), members});
        end = start;
        members = 0;
      }
      TORCH_CHECK(start == 0, "the flat gradients have ", start, " elements beside those of the parameters");
    });
  }

 private:
  void arm(const Napi::CallbackInfo& info) {
    guarded(info.Env(), [&] { reduction_->arm(); });
  }
  void finish(const Napi::CallbackInfo& info) {
    guarded(info.Env(), [&] { reduction_->finish(); });
  }
  void dispose(const Napi::CallbackInfo&) {
    for (const auto& [accumulator, key] : hooks_) accumulator->del_post_hook(key);
    hooks_.clear();
  }

  std::shared_ptr<Reduction> reduction_ = std::make_shared<Reduction>();
  // libtorch itself holds accumulators weakly: without these references the hooks would go with them.
  std::vector<std::pair<std::shared_ptr<torch::autograd::Node>, uintptr_t>> hooks_;
};

}  // namespace

void defineGradientReducer(Napi::Env env, Napi::Object exports) { GradientReducer::define(env, exports); }

}  // namespace bgb
