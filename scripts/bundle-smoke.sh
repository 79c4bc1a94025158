#!/bin/sh
# Tries a bundle out: builds a cache of the EEG sample, trains a few steps, stops, resumes, evaluates, prints a table.
#
#   ./smoke [FOLDER] [--set FIELD=VALUE]...
#
# FOLDER gets what it writes (a temporary one unless given). Ends with exit code 0 where all of it works.
set -eu
here=$(CDPATH='' cd -- "$(dirname "$0")" && pwd -P)
case ${1:-} in
  '' | --*) work=$(mktemp -d) ;;
  *) work=$1; shift; mkdir -p "$work" ;;
esac
bgb=$here/bgb
config=$here/configs/local/smoke.yaml
log=$work/smoke.log
: > "$log"
started=$(date +%s)
rows=''

# row NAME VALUE: a line of the table at the end
row() { rows="$rows$(printf '%-12s %s' "$1" "$2")
"; }

fail() {
  printf 'smoke: %s failed. The end of %s:\n' "$1" "$log" >&2
  tail -n 20 "$log" >&2
  exit 1
}

# try NAME EXPECTED-EXIT-CODE COMMAND...
try() {
  name=$1 expected=$2
  shift 2
  status=0
  "$@" >> "$log" 2>&1 || status=$?
  [ "$status" = "$expected" ] || fail "$name (exit code $status, expected $expected)"
}

try 'bgb build-bridge' 0 "$bgb" build-bridge
row bridge "$(tail -n 1 "$log")"
for split in train dev eval; do
  patient=chb03
  [ $split = train ] && patient=chb01
  # The dev and eval splits must not share patients either.
  [ $split = eval ] && patient=chb02
  try "build-cache of $split" 0 "$bgb" build-cache --data-dir "$here/data/sample/$patient" \
    --cache-dir "$work/cache" --split $split --config "$config"
done
try scan-cache 0 "$bgb" scan-cache --cache-dir "$work/cache" --config "$config"
row cache "$work/cache"

# train RUNNER [OPTION]...: RUNNER is exec, to become the training, or env
train() {
  runner=$1
  shift
  $runner "$bgb" train "$config" --device auto --set "data.cache_dir=$work/cache" \
    --set "experiment.output_dir=$work/run" --set training.epochs=3 "$@"
}
train exec "$@" >> "$log" 2>&1 &
training=$!
tries=0
while ! grep -q '"kind":"step","step":3,' "$work/run/events.jsonl" 2> /dev/null; do
  kill -0 $training 2> /dev/null || fail 'train'
  tries=$((tries + 1))
  [ $tries -lt 6000 ] || fail 'train (no third step in ten minutes)'
  sleep 0.1
done
kill -TERM $training
status=0
wait $training || status=$?
[ "$status" = 143 ] || fail "stopping with SIGTERM (exit code $status, expected 143)"
row stopped "with SIGTERM after $(grep -c '"kind":"step"' "$work/run/events.jsonl") steps, saved"
try 'train --resume' 0 train env "$@" --resume
row resumed "to $(grep -c '"kind":"step"' "$work/run/events.jsonl") steps, $(grep -c . "$work/run/done.json") lines in done.json"
row device "$(sed -n 's/.* device \([a-z]*\) (.*/\1/p' "$work/run/run.log" | tail -n 1)"
status=0
"$bgb" evaluate "$work/run" "$work/cache" --output "$work/scores" > "$work/scores.txt" 2>> "$log" || status=$?
[ "$status" = 0 ] || fail "evaluate (exit code $status)"
row time "$(($(date +%s) - started)) s"
printf '%s\n' "$(cat "$work/scores.txt")" '' "$rows" "smoke: all of it works. Everything is in $work."
