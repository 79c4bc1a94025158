"""bgb at Modal, for those who know `modal run`:

    modal run --detach deploy/modal/app.py::train --config-path configs/modal/train_a100.yaml
    modal run deploy/modal/app.py::scan_cache --cache-dir /results/cache/tusz
    modal deploy deploy/modal/app.py        # once, for `bgb train CONFIG --on modal --backend function`

Thin on purpose: it packs this clone into an image, mounts the recordings at /data (read-only) and the results at /results,
starts bgb's own command line there, hands signals on, commits the volume. What an attempt is, how it is resumed and when it
is done, bgb decides (src/places/attend.ts). docs/modal.md has the rest, and the variables that are read here.
"""

import os
import shlex
import signal
import subprocess
import sys
from pathlib import Path

import modal

BGB = "/opt/bgb/bgb"
PACKED = "/opt/bgb.tar.gz"
HOURS = 3600
TORCH = "2.11.0-cuda13.0-cudnn9-devel"
# The bridge to libtorch, from where it is kept with the results, or compiled (minutes) and kept: by what it is compiled from,
# so that a change of TypeScript compiles nothing. src/modal/code-bundle.ts keeps it under the same name.
KEPT_BRIDGE = f"""/results/.bgb/bridge/$(sed -n 's/.*"bridge": "\\(.*\\)".*/\\1/p' bundle.json)-{TORCH}.tar.gz"""
TAKE_BRIDGE = (
    f'kept="{KEPT_BRIDGE}"; if [ -f "$kept" ]; then tar -xzf "$kept"; else ./bgb build-bridge && '
    'mkdir -p "${kept%/*}" && tar -czf "$kept.new" --exclude=objects build/bridge && mv "$kept.new" "$kept"; fi'
)
# bgb saves and ends by itself this long before Modal ends the container.
SAVING_S = 300
# bgb's exit code for an attempt that was interrupted and can go on.
TRY_AGAIN = 75

results = modal.Volume.from_name(
    os.environ.get("BGB_MODAL_VOLUME", "bgb-results"), create_if_missing=True, version=2
)


def tarball() -> str:
    """The packed clone, made by `npm run bundle` if there is none that is newer than the sources."""
    if not modal.is_local():
        return PACKED  # This file is imported again in the container, which was made from it.
    given = os.environ.get("BGB_BUNDLE")
    if given:
        return given
    root = Path(__file__).resolve().parents[2]
    sources = [p for folder in ("src", "native", "configs") for p in (root / folder).rglob("*") if p.is_file()]
    newest = max(path.stat().st_mtime for path in [*sources, root / "package-lock.json"])
    packed = sorted((root / "build/bundle").glob("bgb-*-linux-x64.tar.gz"))
    if not packed or packed[-1].stat().st_mtime < newest:
        subprocess.run(["npm", "run", "bundle"], cwd=root, check=True)
        packed = sorted((root / "build/bundle").glob("bgb-*-linux-x64.tar.gz"))
    return str(packed[-1])


def image_of() -> modal.Image:
    # What is read from the environment below must read the same in the container.
    settings = {name: value for name, value in os.environ.items() if name.startswith("BGB_MODAL_")}
    return (
        modal.Image.from_registry(f"pytorch/pytorch:{TORCH}")
        .run_commands("command -v g++ || (apt-get update && apt-get install -y --no-install-recommends g++)")
        .add_local_file(tarball(), PACKED, copy=True)
        .run_commands(f"mkdir -p /opt/bgb && tar -xzf {PACKED} -C /opt/bgb --strip-components=1")
        .run_commands(f"cd /opt/bgb && {TAKE_BRIDGE}", volumes={"/results": results})
        .env({"BGB_DISABLE_TQDM": "1", **settings})
        .workdir("/opt/bgb")
    )


def mounts() -> dict:
    """/results, and /data where BGB_MODAL_DATA says what it is: volume:NAME, or bucket:NAME/PREFIX/."""
    found = {"/results": results}
    kind, _, name = os.environ.get("BGB_MODAL_DATA", "").partition(":")
    if kind == "volume":
        found["/data"] = modal.Volume.from_name(name).with_mount_options(read_only=True)
    if kind == "bucket":
        bucket, _, prefix = name.partition("/")
        secret = os.environ.get("BGB_MODAL_DATA_SECRET")
        found["/data"] = modal.CloudBucketMount(
            bucket,
            key_prefix=prefix.rstrip("/") + "/" if prefix else None,
            bucket_endpoint_url=os.environ.get("BGB_MODAL_DATA_ENDPOINT"),
            secret=modal.Secret.from_name(secret) if secret else None,
            read_only=True,
        )
    return found


app = modal.App("bgb")
common = dict(
    image=image_of(),
    volumes=mounts(),
    secrets=[modal.Secret.from_name(name) for name in os.environ.get("BGB_MODAL_SECRETS", "").split()],
)
GPU = os.environ.get("BGB_MODAL_GPU", "A100-80GB")


def hand_signals_to(child: subprocess.Popen) -> None:
    for number in (signal.SIGINT, signal.SIGTERM):
        try:
            signal.signal(number, lambda received, _: child.send_signal(received))
        except ValueError:
            pass  # Only the main thread may; where this is another, KeyboardInterrupt comes instead.


def bgb(*words: str) -> int:
    """Runs bgb to its end, hands signals on to it, commits what it wrote."""
    environment = {**os.environ, "BGB_DISABLE_TQDM": "1"}
    child = subprocess.Popen([BGB, *words], env=environment)
    ended_by = None
    while True:
        try:
            hand_signals_to(child)
            code = child.wait()
            break
        except BaseException as reason:  # KeyboardInterrupt; Modal's InputCancellation where the call is cancelled
            ended_by = reason
            child.send_signal(signal.SIGINT)
    results.commit()
    if ended_by is not None and not isinstance(ended_by, KeyboardInterrupt):
        raise ended_by
    return code


def must(*words: str) -> int:
    """As bgb(), raising where it fails, so that `modal run` fails, too: only for functions that are not started again."""
    code = bgb(*words)
    if code != 0:
        raise RuntimeError(f"bgb {words[0]} ended with exit code {code}; its lines above say why")
    return code


def words_of(text: str) -> list:
    """Further words of a command line, given as one flag: --args "--set training.epochs=3"."""
    return shlex.split(text)


@app.function(
    gpu=GPU,
    cpu=10.0,
    memory=65536,
    timeout=24 * HOURS,
    retries=modal.Retries(max_retries=10, backoff_coefficient=1.0, initial_delay=60.0),
    **common,
)
def train(config_path: str = "", args: str = "", job: str = "", attempt: str = "1", token: str = "") -> int:
    """Trains, or goes on with what an interruption left. Success is done.json in the run's folder and nothing else."""
    call = modal.current_function_call_id() or ""
    if job:
        code = bgb("attend", job, "--attempt", attempt, "--token", token, "--call", call)
    else:
        limit = str(24 * HOURS - SAVING_S)
        started = ("--token", call, "--call", call, "--limit", limit, "--gpu", GPU)
        code = bgb("attend", config_path, *started, *words_of(args))
    if code == TRY_AGAIN:
        raise RuntimeError("interrupted, and saved: Modal starts it again, and it goes on")
    if code != 0:
        print(f"bgb: the run ended with exit code {code} and is not started again", file=sys.stderr, flush=True)
    return code


@app.function(gpu=GPU, cpu=8.0, memory=32768, timeout=6 * HOURS, **common)
def evaluate(checkpoint: str, data: str, args: str = "") -> int:
    return must("evaluate", checkpoint, data, *words_of(args))


@app.function(cpu=16.0, memory=32768, timeout=24 * HOURS, **common)
def build_cache(data_dir: str, cache_dir: str, args: str = "") -> int:
    return must("build-cache", "--data-dir", data_dir, "--cache-dir", cache_dir, *words_of(args))


@app.function(cpu=4.0, memory=8192, timeout=2 * HOURS, **common)
def scan_cache(cache_dir: str, args: str = "") -> int:
    return must("scan-cache", "--cache-dir", cache_dir, *words_of(args))
