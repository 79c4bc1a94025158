"""Reads a run's TensorBoard files with TensorBoard's own reader and prints what it finds.

    python3 scripts/reference/read_tensorboard.py RUN/tensorboard

Needs tensorboard. Exits 1 where a tag's steps do not rise or a record cannot be read.
"""

import sys

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

accumulator = EventAccumulator(sys.argv[1], size_guidance={"scalars": 0, "histograms": 0})
accumulator.Reload()
tags = accumulator.Tags()
status = 0
for tag in tags["scalars"]:
    events = accumulator.Scalars(tag)
    steps = [event.step for event in events]
    print(f"{tag}: {len(events)} values, steps {steps[0]} to {steps[-1]}, last {events[-1].value:.6g}")
    if any(b <= a for a, b in zip(steps, steps[1:])):
        print(f"  steps do not rise: {steps}")
        status = 1
for tag in tags["histograms"] + [tag for tag in tags["tensors"]][:0]:
    for event in accumulator.Histograms(tag)[-1:]:
        value = event.histogram_value
        print(f"{tag}: step {event.step}, {value.num:g} numbers from {value.min:.4g} to {value.max:.4g}, {len(value.bucket)} buckets of {sum(value.bucket):g}")
        if sum(value.bucket) != value.num:
            status = 1
sys.exit(status)
