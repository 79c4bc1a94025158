"""Operations of the detector's convolutions and linear maps, counted by hooks on the modules of detector.py.

    python3 scripts/reference/detector_cost.py    # a number for each case of src/model/cost.test.ts

Two for each multiplication with its addition. The scan of Mamba-2 is no module and not counted. Windows are run at their
full length except that the scan, which runs step by step here, is skipped.
"""

import torch
from detector import Detector, Mamba2
from torch import nn
from torch.nn import functional as F

total = 0


def count(module, inputs, output):
    global total
    if isinstance(module, nn.ConvTranspose1d):
        # Every input sample meets every tap; the padding is cut from the ends, so count what is kept.
        taps = module.kernel_size[0] / module.stride[0]
        total += 2 * module.in_channels * module.out_channels * taps * output.shape[-1]
    elif isinstance(module, nn.Conv1d):
        length = output.shape[-1]
        if module.groups > 1:  # causal: the tail is cut
            length -= module.padding[0]
        total += 2 * module.in_channels // module.groups * module.out_channels * module.kernel_size[0] * length
    else:
        total += 2 * module.in_features * output.numel()


def without_scan(self, u):
    length = u.shape[1]
    z, xbc, _ = torch.split(self.in_proj(u), [self.inner, self.inner + 2 * self.d_state, self.heads], dim=-1)
    x = F.silu(self.conv1d(xbc.transpose(1, 2))[..., :length].transpose(1, 2))[..., : self.inner]
    return self.out_proj(self.norm(x * F.silu(z)))


Mamba2.forward = without_scan
RESCNN = dict(n_blocks=1, kernel_sizes=(3, 5, 7), dropout=0.1)


def mamba(width, **changes):
    return dict(n_layers=1, d_state=16, expand=2, head_dim=width, conv_kernel=4, dropout=0.1) | changes


CASES = [
    (15360, dict()),
    (1024, dict(channels=3, widths=(8, 16), rescnn=RESCNN, mamba=mamba(16))),
    (540, dict(channels=18, widths=(6, 9, 12), factor=3, up_kernel=5, rescnn=RESCNN, mamba=mamba(12))),
    (256, dict(channels=2, widths=(8, 16), rescnn=RESCNN, mamba=mamba(16, n_layers=0))),
    (640, dict(channels=1, widths=(16,), rescnn=RESCNN | dict(n_blocks=0), mamba=mamba(16, n_layers=3, head_dim=4))),
]
for length, sizes in CASES:
    model, total = Detector(**sizes).eval(), 0
    for module in model.modules():
        if isinstance(module, (nn.Conv1d, nn.ConvTranspose1d, nn.Linear)):
            module.register_forward_hook(count)
    with torch.no_grad():
        model(torch.zeros(1, sizes.get("channels", 19), length))
    print(int(total))
