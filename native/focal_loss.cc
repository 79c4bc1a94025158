// bgb::focal_loss, the pattern for operators of our own: a schema, one kernel written in ATen operators that
// runs on every device, its derivative, and its rule under autocast. It is called through the same boxed path
// as any other operator.
//
// Lin et al. 2017, "Focal Loss for Dense Object Detection", equation 5, on logits z with targets t in [0, 1]:
//   loss(z, t) = t * a * f(z) + (1 - t) * (1 - a) * f(-z),   f(u) = -(1 - p)^g * log p,   p = sigmoid(u)
//   f'(u) = (1 - p)^g * (g * p * log p - (1 - p))
// With log p = logsigmoid(u) and (1 - p)^g = exp(g * logsigmoid(-u)) both are exact at |z| = 1e4, where a
// derivative taken through the composed operators is 0 * inf. gamma 0 is the binary cross-entropy.
#include <ATen/ATen.h>
#include <ATen/autocast_mode.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/library.h>

namespace bgb {

namespace {

using at::Tensor;

Tensor focalTerm(const Tensor& u, double gamma) {
  const auto negative = -at::log_sigmoid(u);
  return gamma == 0 ? negative : (at::log_sigmoid(-u) * gamma).exp() * negative;
}

Tensor focalTermDerivative(const Tensor& u, double gamma) {
  if (gamma == 0) return -at::sigmoid(-u);
  const auto modulation = (at::log_sigmoid(-u) * gamma).exp();
  return modulation * (at::sigmoid(u) * at::log_sigmoid(u) * gamma - at::sigmoid(-u));
}

Tensor focalLoss(const Tensor& logits, const Tensor& targets, double alpha, double gamma) {
  TORCH_CHECK(logits.sizes() == targets.sizes(), "bgb::focal_loss: logits ", logits.sizes(), " and targets ",
              targets.sizes(), " must have one shape");
  return targets * alpha * focalTerm(logits, gamma) + (1 - targets) * (1 - alpha) * focalTerm(-logits, gamma);
}

Tensor focalLossDerivative(const Tensor& logits, const Tensor& targets, double alpha, double gamma) {
  return targets * alpha * focalTermDerivative(logits, gamma) -
         (1 - targets) * (1 - alpha) * focalTermDerivative(-logits, gamma);
}

class FocalLoss : public torch::autograd::Function<FocalLoss> {
 public:
  static Tensor forward(torch::autograd::AutogradContext* context, const Tensor& logits, const Tensor& targets,
                        double alpha, double gamma) {
    at::AutoDispatchBelowADInplaceOrView below;
    context->save_for_backward({logits, targets});
    context->saved_data["alpha"] = alpha;
    context->saved_data["gamma"] = gamma;
    return focalLoss(logits, targets, alpha, gamma);
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 const torch::autograd::variable_list& gradients) {
    const auto saved = context->get_saved_variables();
    const auto derivative = focalLossDerivative(saved[0], saved[1], context->saved_data["alpha"].toDouble(),
                                                context->saved_data["gamma"].toDouble());
    return {gradients[0] * derivative, Tensor(), Tensor(), Tensor()};
  }
};

Tensor focalLossAutograd(const Tensor& logits, const Tensor& targets, double alpha, double gamma) {
  return FocalLoss::apply(logits, targets, alpha, gamma);
}

// Under autocast the loss is computed in float32, as PyTorch does for its own losses.
template <at::DeviceType device, c10::DispatchKey key>
Tensor focalLossAutocast(const Tensor& logits, const Tensor& targets, double alpha, double gamma) {
  const c10::impl::ExcludeDispatchKeyGuard without(key);
  static const auto handle = c10::Dispatcher::singleton()
                                 .findSchemaOrThrow("bgb::focal_loss", "")
                                 .typed<Tensor(const Tensor&, const Tensor&, double, double)>();
  return handle.call(at::autocast::cached_cast(at::kFloat, logits, device),
                     at::autocast::cached_cast(at::kFloat, targets, device), alpha, gamma);
}

}  // namespace

TORCH_LIBRARY(bgb, library) {
  library.def("focal_loss(Tensor logits, Tensor targets, float alpha, float gamma) -> Tensor");
}
TORCH_LIBRARY_IMPL(bgb, CompositeExplicitAutograd, library) { library.impl("focal_loss", focalLoss); }
TORCH_LIBRARY_IMPL(bgb, Autograd, library) { library.impl("focal_loss", focalLossAutograd); }
TORCH_LIBRARY_IMPL(bgb, AutocastCPU, library) {
  library.impl("focal_loss", focalLossAutocast<at::kCPU, c10::DispatchKey::AutocastCPU>);
}
TORCH_LIBRARY_IMPL(bgb, AutocastCUDA, library) {
  library.impl("focal_loss", focalLossAutocast<at::kCUDA, c10::DispatchKey::AutocastCUDA>);
}

}  // namespace bgb
