"""What src/train/ is compared with: PyTorch's schedules, SGD, averaging and losses, as src/train/fixtures/training.json.

    python3 scripts/reference/training.py src/train/fixtures

Everything in float64. Runs on PyTorch 1.13 and newer.
"""

import json
import math
import sys
from pathlib import Path

import torch
from torch.nn import functional as F
from torch.optim import lr_scheduler as schedules
from torch.optim.swa_utils import AveragedModel

torch.set_default_dtype(torch.float64)


def schedule(kind, total, warmup):
    """Learning rates, as shares of the full one, over the optimiser steps: warm-up, then the decay."""
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    rest = total - warmup
    decay = {
        "constant": lambda: schedules.ConstantLR(optimizer, factor=1.0),
        "linear": lambda: schedules.LinearLR(optimizer, start_factor=1.0, end_factor=0.0, total_iters=rest),
        "cosine": lambda: schedules.CosineAnnealingLR(optimizer, T_max=rest),
    }[kind]()
    if warmup > 0:
        rise = schedules.LinearLR(optimizer, start_factor=1 / (warmup + 1), total_iters=warmup)
        decay = schedules.SequentialLR(optimizer, [rise, decay], milestones=[warmup])
    shares = []
    for _ in range(total):
        shares.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        decay.step()
    return shares


def sgd(momentum, weight_decay):
    """Four steps on given gradients: a weight with decay, a bias without."""
    weight = torch.nn.Parameter(torch.tensor([[0.5, -1.0], [2.0, 0.25]]))
    bias = torch.nn.Parameter(torch.tensor([0.1, -0.2]))
    groups = [{"params": [weight], "weight_decay": weight_decay}, {"params": [bias], "weight_decay": 0.0}]
    optimizer = torch.optim.SGD(groups, lr=0.1, momentum=momentum)
    rows = []
    for step, rate in enumerate([0.1, 0.3, 0.2, 0.05]):
        for group in optimizer.param_groups:
            group["lr"] = rate
        weight.grad = torch.tensor([[0.1, -0.2], [0.3, 0.05]]) * (step + 1)
        bias.grad = torch.tensor([1.0, -0.5]) / (step + 1)
        optimizer.step()
        rows.append(weight.detach().flatten().tolist() + bias.detach().tolist())
    return rows


def average(decay):
    """An average of the weights of six steps, started at the first weights."""
    model = torch.nn.Linear(2, 1, bias=False)
    with torch.no_grad():
        model.weight.copy_(torch.tensor([[1.0, -2.0]]))
    step = 0

    def rule(averaged, new, _):
        return averaged + (1 - min(decay, (1 + step) / (10 + step))) * (new - averaged)

    averaged = AveragedModel(model, avg_fn=rule)
    averaged.update_parameters(model)  # the first call copies
    rows = []
    for step in range(6):
        with torch.no_grad():
            model.weight.add_(torch.tensor([[0.5, 0.25]]) * (step + 1))
        averaged.update_parameters(model)
        rows.append(next(averaged.parameters()).detach().flatten().tolist())
    return rows


def focal(alpha, gamma, positive_weight):
    """Loss and gradients of focal loss written out with PyTorch's operators, at logits that they can take."""
    logits = torch.tensor([-12.0, -3.0, -0.5, 0.0, 0.7, 4.0, 12.0] * 2, requires_grad=True)
    targets = torch.tensor([0.0] * 7 + [1.0] * 7)
    p = torch.sigmoid(logits)
    p_t = targets * p + (1 - targets) * (1 - p)
    alpha_t = targets * alpha + (1 - targets) * (1 - alpha)
    weights = targets * positive_weight + (1 - targets)
    entropy = F.binary_cross_entropy_with_logits(logits, targets, reduction="none")
    loss = (weights * alpha_t * (1 - p_t) ** gamma * entropy).mean()
    loss.backward()
    return {
        "alpha": alpha, "gamma": gamma, "positive_weight": positive_weight,
        "logits": logits.tolist(), "targets": targets.int().tolist(),
        "loss": loss.item(), "gradient": logits.grad.tolist(),
    }  # fmt: skip


if __name__ == "__main__":
    fixture = {
        "made_with": f"PyTorch {torch.__version__}",
        "schedules": [
            {"type": kind, "total": 40, "warmup": warmup, "shares": schedule(kind, 40, warmup)}
            for kind in ("cosine", "linear", "constant")
            for warmup in (0, 4, 13)
        ],
        "sgd": [
            {"momentum": momentum, "weight_decay": decay, "values": sgd(momentum, decay)}
            for momentum, decay in ((0.9, 0.05), (0.0, 0.1), (0.5, 0.0))
        ],
        "average": [{"decay": decay, "values": average(decay)} for decay in (0.9, 0.3, 0.0)],
        "focal": [
            focal(alpha, gamma, weight)
            for alpha, gamma, weight in ((0.5, 2.0, 1.0), (0.25, 0.5, 1.0), (0.5, 5.0, 3.0), (0.9, 1.0, 1.0))
        ],
    }
    assert all(math.isfinite(share) for row in fixture["schedules"] for share in row["shares"])
    path = Path(sys.argv[1]) / "training.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(fixture) + "\n")
    print(path, path.stat().st_size)
