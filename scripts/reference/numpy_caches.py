"""Writes src/cache/fixtures/numpy/*.npz with NumPy, as caches of other programs are written: every combination of
stored and compressed, float32 and float64, C and Fortran order, with and without labels. Written by NumPy 1.24.2.

    python3 scripts/reference/numpy_caches.py
"""
import itertools
import pathlib

import numpy as np

FOLDER = pathlib.Path(__file__).parents[2] / "src/cache/fixtures/numpy"
CHANNELS, LENGTH, STRIDE, ROWS = 2, 20, 10, 50

FOLDER.mkdir(parents=True, exist_ok=True)
rows = np.arange(ROWS)
# Sample r of channel c is r + 100 c + 0.125, exact in both types; seizure in rows 9 to 33.
recording = np.stack([rows + 100 * c + 0.125 for c in range(CHANNELS)])
seizure = ((rows >= 9) & (rows < 34)).astype(np.float64)
starts = range(0, ROWS - LENGTH + 1, STRIDE)
windows = np.stack([recording[:, s : s + LENGTH] for s in starts])
labels = np.stack([seizure[s : s + LENGTH] for s in starts])

for save, dtype, order, is_labelled in itertools.product(
    (np.savez, np.savez_compressed), (np.float32, np.float64), "CF", (True, False)
):
    kind = "compressed" if save is np.savez_compressed else "stored"
    name = f"{kind}-{np.dtype(dtype).name}-{order}-{'labelled' if is_labelled else 'unlabelled'}.npz"
    arrays = {"windows": np.array(windows, dtype=dtype, order=order)}
    if is_labelled:
        arrays["labels"] = np.array(labels, dtype=dtype, order=order)
    save(FOLDER / name, **arrays)
