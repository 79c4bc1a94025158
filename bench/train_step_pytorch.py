"""The detector of docs/model.md in PyTorch, as fast as plain PyTorch makes it, timed beside bench/train-step.ts.

An independent implementation: channels-last conv2d, the scan of Mamba-2 by chunks as batched matrix products in
bfloat16 with decays in float32 (Dao and Gu 2024, section 6). Random data; median of steps with the device waited for.

    python3 bench/train_step_pytorch.py [--steps 50] [--batch 64] [--seconds 60] [--modes eager,compile,graph]
    python3 bench/train_step_pytorch.py --modes cpu,cpu-channels-last --threads 2 --batch 1 --seconds 20 --steps 6

eager: autocast, fused AdamW. compile: torch.compile of model and loss. graph: torch.compile, and the whole step as one
CUDA graph. cpu: float32 on the processor, for PyTorch 1.13, too.
"""

import argparse
import json
import statistics
import time

import torch
from torch import nn
from torch.nn import functional as F


class ConvBlock(nn.Module):
    def __init__(self, inputs, outputs, kernel):
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, (1, kernel), padding=(0, kernel // 2))
        self.norm = nn.BatchNorm2d(outputs)

    def forward(self, x):
        return F.relu(self.norm(self.conv(x)))


def stage(inputs, outputs):
    return nn.Sequential(ConvBlock(inputs, outputs, 5), ConvBlock(outputs, outputs, 5))


class ResCnn(nn.Module):
    def __init__(self, width):
        super().__init__()
        share = width // 3
        self.branches = nn.ModuleList(
            ConvBlock(width, outputs, kernel) for outputs, kernel in ((share, 3), (share, 5), (width - 2 * share, 7))
        )
        self.fusion = nn.Sequential(nn.Conv2d(width, width, 1), nn.BatchNorm2d(width))
        self.dropout = nn.Dropout2d(0.1)

    def forward(self, x):
        joined = torch.cat([branch(x) for branch in self.branches], 1)
        return F.relu(x + self.dropout(self.fusion(joined)))


def scan(x, dt, a, b, c, chunk):
    """x (B, L, H, P), dt (B, L, H) float32, a (H), b and c (B, L, N) -> (B, L, H, P)"""
    batch, length, heads, width = x.shape
    count, kind = length // chunk, x.dtype
    decay = (dt * a).view(batch, count, chunk, heads).permute(0, 1, 3, 2).cumsum(-1)  # (B, chunks, H, chunk)
    scaled = (x * dt.to(kind).unsqueeze(-1)).view(batch, count, chunk, heads, width).permute(0, 1, 3, 2, 4)
    bs, cs = b.view(batch, count, 1, chunk, -1), c.view(batch, count, 1, chunk, -1)
    mask = torch.ones(chunk, chunk, dtype=torch.bool, device=x.device).tril()
    within = (decay.unsqueeze(-1) - decay.unsqueeze(-2)).masked_fill(~mask, float("-inf")).exp()
    inside = ((cs @ bs.transpose(-1, -2)) * within).to(kind) @ scaled
    last = decay[..., -1:]
    states = scaled.transpose(-1, -2) @ (bs * (last - decay).exp().unsqueeze(-1)).to(kind)  # (B, chunks, H, P, N)
    total = F.pad(last.squeeze(-1).cumsum(1), (0, 0, 1, 0))  # (B, chunks + 1, H)
    below = torch.ones(count, count, dtype=torch.bool, device=x.device).tril(-1)
    carry = (total[:, :-1].unsqueeze(2) - total[:, 1:].unsqueeze(1)).masked_fill(~below[..., None], float("-inf"))
    entering = torch.einsum("bijh,bjhpn->bihpn", carry.exp().to(kind), states)
    across = (cs * decay.exp().unsqueeze(-1)).to(kind) @ entering.transpose(-1, -2)
    return (inside + across).permute(0, 1, 3, 2, 4).reshape(batch, length, heads, width)


class Mamba2(nn.Module):
    def __init__(self, width=512, state=16, head=64, taps=4, chunk=64):
        super().__init__()
        self.inner, self.state, self.head, self.chunk = 2 * width, state, head, chunk
        self.heads = self.inner // head
        mixed = self.inner + 2 * state
        self.in_proj = nn.Linear(width, self.inner + mixed + self.heads, bias=False)
        self.conv = nn.Conv1d(mixed, mixed, taps, groups=mixed, padding=taps - 1)
        self.dt_bias = nn.Parameter(torch.full((self.heads,), -4.0))
        self.log_a = nn.Parameter(torch.linspace(0, 2.7, self.heads))
        self.skip = nn.Parameter(torch.ones(self.heads))
        self.weight = nn.Parameter(torch.ones(self.inner))
        self.out_proj = nn.Linear(self.inner, width, bias=False)

    def forward(self, u):
        batch, length, _ = u.shape
        z, mixed, dt = self.in_proj(u).split([self.inner, self.inner + 2 * self.state, self.heads], -1)
        mixed = F.silu(self.conv(mixed.transpose(1, 2))[..., :length].transpose(1, 2))
        x, b, c = mixed.split([self.inner, self.state, self.state], -1)
        x = x.reshape(batch, length, self.heads, self.head)
        dt = F.softplus(dt.float() + self.dt_bias)
        y = scan(x, dt, -self.log_a.exp(), b, c, self.chunk) + self.skip.to(x.dtype)[:, None] * x
        gated = (y.reshape(batch, length, self.inner) * F.silu(z)).float()
        normal = gated * torch.rsqrt(gated.square().mean(-1, keepdim=True) + 1e-5) * self.weight
        return self.out_proj(normal.to(z.dtype))


class BiMamba(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.ahead, self.back = Mamba2(width), Mamba2(width)
        self.join = nn.Linear(2 * width, width)
        self.dropout = nn.Dropout(0.1)
        self.norm = nn.LayerNorm(width)

    def forward(self, x):
        both = torch.cat([self.ahead(x), self.back(x.flip(1)).flip(1)], -1)
        return self.norm(x + self.dropout(self.join(both)))


class Detector(nn.Module):
    def __init__(self, channels=19, widths=(64, 128, 256, 512)):
        super().__init__()
        before = (widths[0], *widths[:-1])
        self.input = ConvBlock(channels, widths[0], 7)
        self.encoder = nn.ModuleList(stage(i, o) for i, o in zip(before, widths))
        self.down = nn.ModuleList(nn.Conv2d(w, w, (1, 2), stride=(1, 2)) for w in widths)
        self.rescnn = nn.Sequential(*(ResCnn(widths[-1]) for _ in range(3)))
        self.mamba = nn.Sequential(*(BiMamba(widths[-1]) for _ in range(6)))
        skips = widths[::-1]
        outputs = (*skips[1:], widths[0])
        inputs = (widths[-1], *outputs)
        self.up = nn.ModuleList(nn.ConvTranspose2d(i, o, (1, 2), stride=(1, 2)) for i, o in zip(inputs, outputs))
        self.decoder = nn.ModuleList(stage(o + s, o) for o, s in zip(outputs, skips))
        self.output = nn.Conv2d(widths[0], channels, 1)
        self.head = nn.Conv2d(channels, 1, 1)

    def forward(self, signal):  # (B, T, C), in memory as a batch comes
        x = self.input(signal.permute(0, 2, 1).unsqueeze(2))
        skips = []
        for block, down in zip(self.encoder, self.down):
            x = block(x)
            skips.append(x)
            x = down(x)
        x = self.rescnn(x)
        x = self.mamba(x.squeeze(2).transpose(1, 2))
        x = x.transpose(1, 2).unsqueeze(2)
        for up, block in zip(self.up, self.decoder):
            x = block(torch.cat([up(x), skips.pop()], 1))
        return self.head(self.output(x)).squeeze(2).squeeze(1)


def focal(logits, targets, alpha=0.5, gamma=2.0):
    cross = F.binary_cross_entropy_with_logits(logits, targets, reduction="none")
    p = torch.exp(-cross)
    return ((targets * alpha + (1 - targets) * (1 - alpha)) * (1 - p) ** gamma * cross).mean()


def measure(mode, options):
    torch.manual_seed(1)
    torch.compiler.reset()
    torch.cuda.empty_cache()
    torch.backends.cudnn.benchmark = True
    model = Detector().cuda().to(memory_format=torch.channels_last)
    signal = torch.randn(options.batch, options.seconds * 256, 19, device="cuda")
    targets = (torch.rand(options.batch, options.seconds * 256, device="cuda") < 0.1).float()
    graphs = mode == "graph"
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4, fused=True, capturable=graphs)

    def loss_of(signal, targets):
        with torch.autocast("cuda", torch.bfloat16):
            logits = model(signal)
        return focal(logits.float(), targets)

    compiled = loss_of if mode == "eager" else torch.compile(loss_of)

    def step():
        optimizer.zero_grad(set_to_none=True)
        loss = compiled(signal, targets)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0, foreach=True)
        optimizer.step()
        return loss

    def timed(body, count):
        times = []
        for _ in range(count):
            torch.cuda.synchronize()
            start = time.perf_counter()
            body()
            torch.cuda.synchronize()
            times.append((time.perf_counter() - start) * 1000)
        return times

    torch.cuda.reset_peak_memory_stats()
    stream = torch.cuda.Stream()
    stream.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(stream):
        first = timed(step, options.warmup)[0]
        run = step
        if graphs:
            graph = torch.cuda.CUDAGraph()
            optimizer.zero_grad(set_to_none=True)
            with torch.cuda.graph(graph, stream=stream):
                step()
            run = graph.replay
        times = timed(run, options.steps)
        peak = torch.cuda.max_memory_allocated()

        model.eval()
        forward = model if mode == "eager" else torch.compile(model)

        def infer():
            with torch.no_grad(), torch.autocast("cuda", torch.bfloat16):
                return forward(signal)

        timed(infer, options.warmup)
        run = infer
        if graphs:
            inference = torch.cuda.CUDAGraph()
            with torch.cuda.graph(inference, stream=stream):
                infer()
            run = inference.replay
        inference_times = timed(run, options.steps)
    return {
        "mode": mode,
        "parameters": sum(p.numel() for p in model.parameters()),
        "training_ms": round(statistics.median(times), 2),
        "inference_ms": round(statistics.median(inference_times), 2),
        "first_ms": round(first),
        "peak_gib": round(peak / 2**30, 2),
    }


def measure_cpu(mode, options):
    torch.manual_seed(1)
    torch.set_num_threads(options.threads)
    order = torch.channels_last if mode.endswith("channels-last") else torch.contiguous_format
    model = Detector().to(memory_format=order)
    signal = torch.randn(options.batch, options.seconds * 256, 19)
    targets = (torch.rand(options.batch, options.seconds * 256) < 0.1).float()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4, foreach=True)

    def step():
        optimizer.zero_grad(set_to_none=True)
        focal(model(signal), targets).backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()

    def infer():
        with torch.no_grad():
            model(signal)

    def median_ms(body):
        times = []
        for _ in range(options.warmup + options.steps):
            start = time.perf_counter()
            body()
            times.append((time.perf_counter() - start) * 1000)
        return round(statistics.median(times[options.warmup :]), 1)

    training_ms = median_ms(step)
    model.eval()
    return {"mode": mode, "threads": options.threads, "training_ms": training_ms, "inference_ms": median_ms(infer)}


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--steps", type=int, default=50)
    parser.add_argument("--warmup", type=int, default=5)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--modes", default="eager,compile,graph")
    parser.add_argument("--threads", type=int, default=2, help="of the modes on a processor")
    options = parser.parse_args()
    print(torch.__version__, torch.cuda.get_device_name(0) if torch.cuda.is_available() else "no GPU")
    for mode in options.modes.split(","):
        try:
            found = measure_cpu(mode, options) if mode.startswith("cpu") else measure(mode, options)
            print(json.dumps(found), flush=True)
        except Exception as error:  # one mode that fails does not hide the others
            print(json.dumps({"mode": mode, "error": f"{type(error).__name__}: {error}"[:400]}), flush=True)
