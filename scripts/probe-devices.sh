#!/usr/bin/env bash
# Whether this machine's GPU computes what its CPU does, on the sample's data (docs/parity.md): 50 steps in float64 and
# float32. Arguments go to bgb parity: another configuration's sizes, a file of another machine.
#
#     bash scripts/probe-devices.sh                                  # CPU, then CUDA against it
#     bash scripts/probe-devices.sh --set model.encoder.channels=[64,128,256,512]
#     PROBE=elsewhere.json bash scripts/probe-devices.sh             # CUDA against another machine's file
set -euo pipefail
cd "$(dirname "$0")/.."
config=configs/local/smoke.yaml
cache=build/probe/cache
common=(--probe "$config" --set "data.cache_dir=$cache" "$@")
bin/bgb build-cache --data-dir data/sample --cache-dir "$cache" --config "$config" > build/probe.log 2>&1
bin/bgb scan-cache --cache-dir "$cache" --config "$config" >> build/probe.log 2>&1
if [ -z "${PROBE:-}" ]; then
  PROBE=build/probe/cpu.json
  bin/bgb parity "${common[@]}" --output "$PROBE"
fi
bin/bgb parity "${common[@]}" --set experiment.device=cuda --against "$PROBE" --output build/probe/cuda.json
