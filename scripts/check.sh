#!/usr/bin/env bash
# Types, lint and format, folder order. All of them run; the exit code is 1 if any fails.
cd "$(dirname "$0")/.."
status=0
scripts/with-node.sh node_modules/typescript/bin/tsc -p tsconfig.json || status=1
node_modules/.bin/biome check --error-on-warnings . || status=1
scripts/with-node.sh scripts/folder-order.ts || status=1
scripts/with-node.sh scripts/generate-operators.ts --check || status=1
exit $status
