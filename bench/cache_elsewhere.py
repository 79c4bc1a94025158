"""What bench/cache.ts stands beside: MNE and SciPy to windows in a compressed .npz, and NumPy's memory maps.

    python3 bench/cache_elsewhere.py RECORDING.edf OUT.npz ENTRY.npz
"""
import json, os, sys, time
import numpy as np
import mne
from scipy import signal
from scipy.stats import zscore

mne.set_log_level("ERROR")
recording, out, entry = sys.argv[1:]
CHANNELS = "FP1 F3 C3 P3 F7 T3 T5 O1 FZ CZ PZ FP2 F4 C4 P4 F8 T4 T6 O2".split()

start = time.perf_counter()
raw = mne.io.read_raw_edf(recording, preload=True)
raw.pick([f"EEG {c}-REF" for c in CHANNELS])
x = raw.get_data()
sos = signal.butter(3, [0.5, 120], "bandpass", fs=raw.info["sfreq"], output="sos")
x = signal.sosfiltfilt(sos, x, axis=1)
b, a = signal.iirnotch(60, 30, raw.info["sfreq"])
x = signal.filtfilt(b, a, x, axis=1)
x = signal.resample(x, int(x.shape[1] * 256 / raw.info["sfreq"]), axis=1)
x = zscore(x, axis=1).astype(np.float32)
starts = range(0, x.shape[1] - 15360 + 1, 2560)
windows = np.stack([x[:, s : s + 15360] for s in starts])
np.savez_compressed(out, windows=windows, labels=np.zeros((len(windows), 15360), np.float32))
build_s = time.perf_counter() - start

def median_ms(body, repeats):
    times = []
    for _ in range(repeats):
        t = time.perf_counter(); body(); times.append(time.perf_counter() - t)
    return 1000 * float(np.median(times))

rng = np.random.default_rng(1)
compressed_ms = median_ms(lambda: np.load(out)["windows"][rng.integers(len(windows))].sum(), 5)
np.save(out + ".npy", windows)
float_map = np.load(out + ".npy", mmap_mode="r")
float_ms = median_ms(lambda: np.array(float_map[rng.integers(len(windows))]), 300)
rows = np.load(entry)["signal"]
np.save(out + ".i2.npy", rows)
int_map = np.load(out + ".i2.npy", mmap_mode="r")
int_ms = median_ms(lambda: np.array(int_map[2560 * rng.integers(len(windows)) :][:15360]), 300)
print(json.dumps({
    "elsewhere_build_s": build_s, "elsewhere_mb": os.path.getsize(out) / 1e6,
    "elsewhere_window_ms": compressed_ms, "float32_map_window_ms": float_ms, "int16_map_window_ms": int_ms,
}, indent=1))
