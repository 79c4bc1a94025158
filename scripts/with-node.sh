#!/usr/bin/env bash
# Runs the pinned Node of node_modules with the thread settings of bin/bgb (docs/decisions.md).
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
node="$root/node_modules/.bin/node"
if [ ! -x "$node" ]; then
  echo "bgb: $node is missing. Run 'make setup' in $root." >&2
  exit 2
fi
export OPENBLAS_NUM_THREADS=1
export GOMP_SPINCOUNT="${GOMP_SPINCOUNT:-1000}"
exec "$node" "$@"
