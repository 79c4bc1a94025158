"""The seizure detector in plain PyTorch, and the fixtures that src/model/detector.test.ts compares bgb with.

Written from the papers and from docs/model.md, not from src/: conv1d instead of channels-last conv2d, the Mamba-2
recurrence step by step instead of by chunks. Module names give the state dict's names, so that

    Detector(channels=19).load_state_dict(...)

takes bgb's weights as they are. Runs on PyTorch 1.13 and newer:

    python3 scripts/reference/detector.py src/model/fixtures    # writes one JSON a case
    python3 scripts/reference/detector.py --count               # parameters at the default size
"""

import json
import math
import sys
from pathlib import Path

import torch
from torch import nn
from torch.nn import functional as F


class ConvBlock(nn.Module):
    def __init__(self, inputs, outputs, kernel):
        super().__init__()
        self.conv = nn.Conv1d(inputs, outputs, kernel, padding=kernel // 2)
        self.bn = nn.BatchNorm1d(outputs)

    def forward(self, x):
        return F.relu(self.bn(self.conv(x)))


def stage(inputs, outputs, kernel):
    return nn.Sequential(ConvBlock(inputs, outputs, kernel), ConvBlock(outputs, outputs, kernel))


class Encoder(nn.Module):
    def __init__(self, channels, widths, kernel, factor):
        super().__init__()
        self.input_conv = ConvBlock(channels, widths[0], 7)
        before = [widths[0], *widths]
        self.encoder_blocks = nn.ModuleList(stage(before[i], w, kernel) for i, w in enumerate(widths))
        self.downsample = nn.ModuleList(nn.Conv1d(w, w, factor, stride=factor) for w in widths)

    def forward(self, x):
        skips = []
        x = self.input_conv(x)
        for block, down in zip(self.encoder_blocks, self.downsample):
            x = block(x)
            skips.append(x)
            x = down(x)
        return x, skips


class ResCnnBlock(nn.Module):
    def __init__(self, width, kernels, dropout):
        super().__init__()
        share = width // len(kernels)
        outputs = [share] * (len(kernels) - 1) + [width - share * (len(kernels) - 1)]
        self.branches = nn.ModuleList(
            nn.Sequential(nn.Conv1d(width, o, k, padding=k // 2), nn.BatchNorm1d(o), nn.ReLU())
            for o, k in zip(outputs, kernels)
        )
        self.fusion = nn.Sequential(nn.Conv1d(width, width, 1), nn.BatchNorm1d(width))
        self.dropout = nn.Dropout1d(dropout)

    def forward(self, x):
        joined = torch.cat([branch(x) for branch in self.branches], dim=1)
        return F.relu(x + self.dropout(self.fusion(joined)))


class RmsNorm(nn.Module):
    def __init__(self, size):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(size))

    def forward(self, x):
        return x / torch.sqrt(x.square().mean(dim=-1, keepdim=True) + 1e-5) * self.weight


class Mamba2(nn.Module):
    """Dao and Gu (2024), one group; the recurrence of equation 2 with the discretisation of section 7."""

    def __init__(self, width, d_state, expand, head_dim, conv_kernel):
        super().__init__()
        self.inner, self.d_state, self.head_dim = expand * width, d_state, head_dim
        self.heads = self.inner // head_dim
        mixed = self.inner + 2 * d_state
        self.in_proj = nn.Linear(width, self.inner + mixed + self.heads, bias=False)
        self.conv1d = nn.Conv1d(mixed, mixed, conv_kernel, groups=mixed, padding=conv_kernel - 1)
        step = torch.exp(torch.empty(self.heads).uniform_(math.log(1e-3), math.log(0.1)))
        self.dt_bias = nn.Parameter(torch.log(torch.expm1(step)))
        self.A_log = nn.Parameter(torch.log(torch.empty(self.heads).uniform_(1, 16)))
        self.D = nn.Parameter(torch.ones(self.heads))
        self.norm = RmsNorm(self.inner)
        self.out_proj = nn.Linear(self.inner, width, bias=False)

    def forward(self, u):  # (B, L, width)
        batch, length, _ = u.shape
        z, xbc, dt = torch.split(
            self.in_proj(u), [self.inner, self.inner + 2 * self.d_state, self.heads], dim=-1
        )
        xbc = F.silu(self.conv1d(xbc.transpose(1, 2))[..., :length].transpose(1, 2))
        x, b, c = torch.split(xbc, [self.inner, self.d_state, self.d_state], dim=-1)
        x = x.reshape(batch, length, self.heads, self.head_dim)
        dt = F.softplus(dt + self.dt_bias)
        decay = torch.exp(-dt * torch.exp(self.A_log))
        state = x.new_zeros(batch, self.heads, self.head_dim, self.d_state)
        rows = []
        for t in range(length):
            added = torch.einsum("bh,bhp,bn->bhpn", dt[:, t], x[:, t], b[:, t])
            state = decay[:, t, :, None, None] * state + added
            rows.append(torch.einsum("bhpn,bn->bhp", state, c[:, t]))
        y = torch.stack(rows, dim=1) + self.D[:, None] * x
        return self.out_proj(self.norm(y.reshape(batch, length, self.inner) * F.silu(z)))


class BiMambaLayer(nn.Module):
    def __init__(self, width, dropout, **sizes):
        super().__init__()
        self.forward_mamba = Mamba2(width, **sizes)
        self.backward_mamba = Mamba2(width, **sizes)
        self.output_proj = nn.Linear(2 * width, width)
        self.dropout = nn.Dropout(dropout)
        self.layer_norm = nn.LayerNorm(width)

    def forward(self, x):
        both = torch.cat([self.forward_mamba(x), self.backward_mamba(x.flip(1)).flip(1)], dim=-1)
        return self.layer_norm(x + self.dropout(self.output_proj(both)))


class Decoder(nn.Module):
    def __init__(self, channels, widths, kernel, factor, up_kernel):
        super().__init__()
        skips = widths[::-1]
        outputs = [*skips[1:], widths[0]]
        before = [widths[-1], *outputs]
        self.upsample = nn.ModuleList(
            nn.ConvTranspose1d(i, o, up_kernel, stride=factor, padding=(up_kernel - factor) // 2)
            for i, o in zip(before, outputs)
        )
        self.decoder_blocks = nn.ModuleList(stage(o + s, o, kernel) for o, s in zip(outputs, skips))
        self.output_conv = nn.Conv1d(outputs[-1], channels, 1)

    def forward(self, x, skips):
        for up, block, skip in zip(self.upsample, self.decoder_blocks, reversed(skips)):
            x = block(torch.cat([up(x), skip], dim=1))
        return self.output_conv(x)


class Detector(nn.Module):
    """(B, C, T) -> logits (B, T)"""

    def __init__(
        self,
        channels=19,
        widths=(64, 128, 256, 512),
        kernel=5,
        factor=2,
        rescnn=dict(n_blocks=3, kernel_sizes=(3, 5, 7), dropout=0.1),
        mamba=dict(n_layers=6, d_state=16, expand=2, head_dim=64, conv_kernel=4, dropout=0.1),
        up_kernel=2,
    ):
        super().__init__()
        widths, mamba = list(widths), dict(mamba)
        layers = mamba.pop("n_layers")
        self.encoder = Encoder(channels, widths, kernel, factor)
        self.rescnn, self.mamba = nn.Module(), nn.Module()
        self.rescnn.blocks = nn.ModuleList(
            ResCnnBlock(widths[-1], rescnn["kernel_sizes"], rescnn["dropout"]) for _ in range(rescnn["n_blocks"])
        )
        self.mamba.layers = nn.ModuleList(BiMambaLayer(widths[-1], **mamba) for _ in range(layers))
        self.decoder = Decoder(channels, widths, kernel, factor, up_kernel)
        self.detection_head = nn.Conv1d(channels, 1, 1)

    def forward(self, x):
        x, skips = self.encoder(x)
        for block in self.rescnn.blocks:
            x = block(x)
        x = x.transpose(1, 2)
        for layer in self.mamba.layers:
            x = layer(x)
        return self.detection_head(self.decoder(x.transpose(1, 2), skips)).squeeze(1)


CASES = {
    # The bottleneck is longer than a chunk of the scan and no multiple of it; widths split unevenly.
    "two-stages": dict(
        batch=2, length=280, channels=3, widths=[4, 7], kernel=5, factor=2, up_kernel=2,
        rescnn=dict(n_blocks=1, kernel_sizes=[3, 5, 7], dropout=0.0),
        mamba=dict(n_layers=2, d_state=3, expand=2, head_dim=7, conv_kernel=4, dropout=0.0),
    ),
    "one-stage-18-channels": dict(
        batch=3, length=64, channels=18, widths=[6], kernel=3, factor=2, up_kernel=4,
        rescnn=dict(n_blocks=2, kernel_sizes=[3, 5], dropout=0.0),
        mamba=dict(n_layers=1, d_state=4, expand=1, head_dim=3, conv_kernel=5, dropout=0.0),
    ),
    "factor-3-convolutions-only": dict(
        batch=1, length=54, channels=1, widths=[4, 3, 5], kernel=7, factor=3, up_kernel=5,
        rescnn=dict(n_blocks=1, kernel_sizes=[9], dropout=0.0),
        mamba=dict(n_layers=0, d_state=4, expand=1, head_dim=5, conv_kernel=2, dropout=0.0),
    ),
}  # fmt: skip

# From every kind of layer, as far from the loss as there is.
GRADIENTS = [
    "encoder.input_conv.conv.weight", "encoder.encoder_blocks.0.0.bn.weight", "encoder.downsample.0.bias",
    "rescnn.blocks.0.branches.0.0.weight", "rescnn.blocks.0.fusion.1.bias",
    "mamba.layers.0.forward_mamba.in_proj.weight", "mamba.layers.0.forward_mamba.A_log",
    "mamba.layers.0.backward_mamba.conv1d.weight", "mamba.layers.0.backward_mamba.dt_bias",
    "mamba.layers.0.backward_mamba.D", "mamba.layers.0.forward_mamba.norm.weight",
    "mamba.layers.0.output_proj.weight", "mamba.layers.0.layer_norm.weight",
    "decoder.upsample.0.weight", "decoder.decoder_blocks.0.1.conv.weight", "detection_head.weight",
]  # fmt: skip


def as_json(tensor):
    return {"shape": list(tensor.shape), "values": tensor.flatten().tolist()}


def float32_digits(tensor):
    """Nine digits tell every float32 apart."""
    values = [float(f"{value:.9g}") for value in tensor.float().flatten().tolist()]
    return {"shape": list(tensor.shape), "values": values}


def make_case(name, batch, length, **sizes):
    torch.manual_seed(sum(map(ord, name)))
    model = Detector(**sizes)
    with torch.no_grad():
        # Away from the first values, so that no norm or statistic is without effect.
        for key, value in model.state_dict().items():
            if key.endswith("running_var") or "norm" in key or ".bn." in key or key.endswith((".D", ".1.weight")):
                value.add_(torch.rand_like(value.float()).to(value.dtype))
            elif key.endswith("running_mean"):
                value.normal_()
    weights = {key: float32_digits(value) for key, value in model.state_dict().items()}
    inputs = torch.randn(batch, sizes["channels"], length)
    targets = (torch.rand(batch, length) < 0.3).float()

    model.double().eval()
    logits = model(inputs.double()).detach()
    model.train()
    loss = F.binary_cross_entropy_with_logits(model(inputs.double()), targets.double())
    loss.backward()
    parameters = dict(model.named_parameters())
    return {
        "sizes": sizes,
        "weights": weights,
        "input": float32_digits(inputs),
        "targets": {"shape": list(targets.shape), "values": targets.int().flatten().tolist()},
        "logits": as_json(logits),
        "loss": loss.item(),
        "gradients": {key: as_json(parameters[key].grad) for key in GRADIENTS if key in parameters},
        "buffers_after": {key: as_json(value) for key, value in model.named_buffers()},
    }


if __name__ == "__main__":
    if sys.argv[1] == "--count":
        print(sum(parameter.numel() for parameter in Detector().parameters()))
    else:
        for name, case in CASES.items():
            path = Path(sys.argv[1]) / f"{name}.json"
            path.write_text(json.dumps(make_case(name, **case)) + "\n")
            print(path, path.stat().st_size)
