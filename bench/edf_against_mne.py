"""Compares `bgb edf --json --npy` with MNE-Python, sample by sample and annotation by annotation:

    python3 bench/edf_against_mne.py FILE_OR_FOLDER...

Prints a line a recording: signals, samples, the largest difference as a share of the largest absolute value of its
signal, annotations. Ends with code 1 if a difference is above 1e-9, or lengths, rates or annotations are others.
"""

import json
import os
import subprocess
import sys
import tempfile
import warnings

import mne
import numpy as np

BGB = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "bin", "bgb")
LIMIT = 1e-9


def recordings(paths):
    for path in paths:
        if os.path.isfile(path):
            yield path
        for folder, _, names in sorted(os.walk(path)):
            yield from (os.path.join(folder, name) for name in sorted(names) if name.lower().endswith((".edf", ".bdf")))


def open_with_mne(path, **options):
    reader = mne.io.read_raw_bdf if path.lower().endswith("bdf") else mne.io.read_raw_edf
    for encoding in ("utf8", "latin1"):
        try:
            return reader(path, stim_channel=False, encoding=encoding, **options)
        except UnicodeDecodeError:
            pass
    raise ValueError("neither UTF-8 nor Latin-1")


def signal_of_mne(path, raw, row):
    """One signal in the unit of its header, and its rate. Read alone: MNE resamples all to the fastest."""
    try:
        one, row_of_one = open_with_mne(path, include=[raw.ch_names[row]], preload=True), 0
        assert len(one.ch_names) == 1
    except Exception:  # numbered by MNE, as labels that occur twice are
        one, row_of_one = open_with_mne(path, preload=True), row
    unit = float(np.atleast_1d(one._raw_extras[0]["units"])[row_of_one])
    return one.get_data()[row_of_one] / unit, one.info["sfreq"]


def compare(path):
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run([BGB, "edf", path, "--json", "--npy", folder], capture_output=True, text=True)
        if done.returncode != 0:
            return "refused by bgb: " + done.stderr.strip(), done.returncode == 2
        found = json.loads(done.stdout)
        raw = open_with_mne(path)
        if len(raw.ch_names) != len(found["signals"]):
            return f"{len(found['signals'])} signals, MNE {len(raw.ch_names)}", False
        worst, samples, other = 0.0, 0, []
        for signal in found["npy"]["signals"]:
            values = np.load(os.path.join(folder, signal["file"]))
            expected, rate = signal_of_mne(path, raw, signal["index"])
            if values.shape != expected.shape or not np.isclose(rate, signal["sampling_rate"], rtol=1e-9):
                other.append(f"{signal['label']}: {values.shape}, MNE {expected.shape} at {rate} Hz")
                continue
            samples += values.size
            worst = max(worst, np.abs(values - expected).max() / max(np.abs(expected).max(), 1e-300))
        mine = sorted((a["onset_s"], a["duration_s"] or 0, a["text"]) for a in found["annotations"])
        theirs = sorted((a["onset"], a["duration"], a["description"]) for a in mne.read_annotations(path))
        if [a[2] for a in mine] != [a[2] for a in theirs] or not np.allclose(
            [a[:2] for a in mine], [a[:2] for a in theirs], rtol=0, atol=1e-5
        ):
            other.append(f"annotations {mine[:3]}, MNE {theirs[:3]}")
        left = len(found["npy"]["left_out"])
        text = f"{len(found['signals'])} signals{f' ({left} without scaling)' if left else ''}, {samples} samples, "
        text += f"difference {worst:.1e}, {len(mine)} annotations{''.join('; ' + o for o in other)}"
        return text, worst <= LIMIT and not other


def main():
    warnings.simplefilter("ignore")
    mne.set_log_level("ERROR")
    is_same = True
    for path in recordings(sys.argv[1:]):
        try:
            text, is_well = compare(path)
        except Exception as error:
            text, is_well = f"MNE: {type(error).__name__}: {str(error)[:120]}", False
        is_same &= is_well
        print(f"{'  ' if is_well else '! '}{path}: {text}", flush=True)
    sys.exit(0 if is_same else 1)


main()
