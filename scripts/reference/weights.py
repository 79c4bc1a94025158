"""Weights of the detector between PyTorch and bgb, as safetensors (the reference library) in both directions.

    python3 scripts/reference/weights.py write CASE.json OUT.safetensors   # a case of detector.py, from its state dict
    python3 scripts/reference/weights.py check CASE.json IN.safetensors    # a file of bgb: logits against the case's

CASE is one of src/model/fixtures/. Needs safetensors beside PyTorch.
"""

import json
import sys
from pathlib import Path

import torch
from detector import Detector
from safetensors.torch import load_file, save_file


def tensor(entry, dtype=torch.float32):
    return torch.tensor(entry["values"], dtype=dtype).reshape(entry["shape"])


def main(action, case_path, path):
    case = json.loads(Path(case_path).read_text())
    model = Detector(**case["sizes"]).eval()
    if action == "write":
        state = {name: tensor(entry).to(model.state_dict()[name].dtype) for name, entry in case["weights"].items()}
        model.load_state_dict(state)
        save_file(model.state_dict(), path)
        print(path, Path(path).stat().st_size)
        return
    stored = load_file(path)
    prefix = "ema." if any(name.startswith("ema.") for name in stored) else ""
    weights = {name: value for name, value in stored.items() if not name.startswith(("optimizer.", "ema."))}
    weights |= {name[len(prefix) :]: value for name, value in stored.items() if prefix and name.startswith(prefix)}
    model.load_state_dict(weights)  # strict: every name, every shape
    with torch.no_grad():
        found = model(tensor(case["input"]))
    expected = tensor(case["logits"], torch.float64)
    print(f"largest difference of the logits, relative: {((found - expected).abs().max() / expected.abs().max()).item():.2e}")


if __name__ == "__main__":
    main(*sys.argv[1:])
