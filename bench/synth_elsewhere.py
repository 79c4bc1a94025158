"""Plain coloured noise beside bench/synth.ts: sources of 1/f noise mixed to 22 signals, as int16, nothing else.

No rhythms, sleep, artefacts, events or files. Two ways: shaping in the frequency domain (a whole recording at once),
and the same cascade of one-pole filters as bgb's, in blocks of a second.

    taskset -c 0 python3 bench/synth_elsewhere.py
"""
import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
import resource
import time

import numpy as np

try:
    from scipy.signal import sosfilt
except ModuleNotFoundError:
    sosfilt = None

SOURCES, SIGNALS, SECONDS = 60, 22, 1200


def by_fourier(rate: int) -> np.ndarray:
    generator = np.random.default_rng(1)
    mixing = generator.standard_normal((SIGNALS, SOURCES))
    samples = rate * SECONDS
    frequencies = np.fft.rfftfreq(samples, 1 / rate)
    shape = 1 / np.maximum(frequencies, 0.25) ** 0.6 / np.sqrt(1 + (frequencies / 12) ** 2)
    out = np.zeros((SIGNALS, samples))
    for source in range(SOURCES):
        spectrum = np.fft.rfft(generator.standard_normal(samples)) * shape
        out += mixing[:, source, None] * np.fft.irfft(spectrum, samples)
    return np.round(10 * out).astype(np.int16)


def by_filters(rate: int) -> np.ndarray:
    generator = np.random.default_rng(1)
    mixing = generator.standard_normal((SIGNALS, SOURCES))
    at = lambda hz: np.exp(-2 * np.pi * min(hz, 0.45 * rate) / rate)
    ratio = 4**0.6
    poles = [0.25, 1, 4, 16, 64]
    sections = np.array([[1, -at(hz * ratio), 0, 1, -at(hz), 0] for hz in poles] + [[1, 0, 0, 1, -at(12), 0]])
    state = np.zeros((len(sections), SOURCES, 2))
    out = np.empty((SECONDS, SIGNALS, rate), np.int16)
    for second in range(SECONDS):
        noise, state = sosfilt(sections, generator.standard_normal((SOURCES, rate)), axis=1, zi=state)
        out[second] = np.round(mixing @ noise)
    return out


for name, make in [("NumPy, Fourier", by_fourier), ("SciPy, filters", by_filters)]:
    if make is by_filters and sosfilt is None:
        print(f"{name}: there is no SciPy")
        continue
    for rate in (256, 512):
        start = time.process_time()
        make(rate)
        print(f"{name}, {rate} Hz: {SECONDS / (time.process_time() - start):.0f} times real time")
print(f"largest resident memory: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")
