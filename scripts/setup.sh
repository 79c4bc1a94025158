#!/usr/bin/env bash
# Sets up a clone: npm packages, libtorch, the bridge, dist/. Does only what is missing or out of date; each
# step writes its stamp last, so an interrupted run is simply repeated. Exit code 2: something to do by hand.
set -eu
cd "$(dirname "$0")/.."
mkdir -p build
exec 9> build/.setup.lock # two runs at once (make -j) wait for each other
flock 9
log=build/setup.log
did_something=no

# fail "what is the matter" "what to type"...
fail() {
  printf 'bgb: ' >&2
  printf '%s\n' "$@" >&2
  exit 2
}

# step "what is done" command...: runs it with its output in the log; one line when done, the log if it fails.
step() {
  local what=$1 start=$SECONDS
  shift
  did_something=yes
  if ! "$@" > "$log" 2>&1 < /dev/null; then
    cat "$log" >&2
    echo "bgb: set-up failed at: $what" >&2
    exit 1
  fi
  echo "$what ($((SECONDS - start)) s)"
}

# as_root command...: directly, with sudo that asks nothing, or with sudo where there is a terminal to ask on.
as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; elif sudo -n true 2> /dev/null; then sudo -n "$@"; else sudo "$@"; fi
}

can_install() {
  command -v apt-get > /dev/null || return 1
  [ "$(id -u)" = 0 ] && return 0
  command -v sudo > /dev/null && { sudo -n true 2> /dev/null || [ -t 0 ]; }
}

install_packages() {
  as_root apt-get update -q
  as_root dpkg --configure -a # an installation that was cut short stops the next one otherwise
  as_root env DEBIAN_FRONTEND=noninteractive \
    apt-get install -q -y --no-install-recommends -o DPkg::Lock::Timeout=120 "$@"
}

check_programs() {
  local packages=()
  command -v g++ > /dev/null || packages+=(g++)
  command -v make > /dev/null || packages+=(make)
  command -v python3 > /dev/null || packages+=(python3)
  if [ ${#packages[@]} -gt 0 ]; then
    if [ "${CI:-}" = true ] && can_install; then
      step "installed ${packages[*]}" install_packages "${packages[@]}"
    else
      fail "needs ${packages[*]}. Type (as root, or with sudo):" "  apt-get install -y ${packages[*]}"
    fi
  fi
  command -v node > /dev/null && command -v npm > /dev/null ||
    fail "needs Node.js 20 or newer with npm, on the PATH: https://nodejs.org/en/download"
  local version
  version=$(node --version)
  [ "$(echo "$version" | sed 's/^v\([0-9]*\).*/\1/')" -ge 20 ] ||
    fail "needs Node.js 20 or newer; $(command -v node) is $version: https://nodejs.org/en/download"
}

# Names every npm setting that could leave something out, so that no user or environment setting does.
npm_packages() {
  npm ci --ignore-scripts --no-audit --no-fund --loglevel=error --include=prod --include=dev --include=optional \
    --bin-links --package-lock --install-strategy=hoisted --no-dry-run --no-global
}

install_npm_packages() {
  local stamp=node_modules/.bgb-lock-hash hash
  hash=$(sha256sum < package-lock.json)
  if [ -x node_modules/.bin/node ] && [ "$(cat "$stamp" 2> /dev/null)" = "$hash" ]; then return; fi
  step "installed npm packages" npm_packages
  [ -x node_modules/.bin/node ] || fail "npm installed no Node 24 for $(uname -m); bgb runs on x86_64 and aarch64 Linux."
  echo "$hash" > "$stamp"
}

# OpenBLAS with it: Debian's default is the reference BLAS, whose matrix products take 14 times as long.
# libgloo-dev: headers for computing with several processes.
libtorch_packages='libtorch-dev libgloo-dev libopenblas0-pthread'

# build.ts ends with 4 where there is no libtorch.
build_bridge() {
  local status=0
  bridge || status=$?
  if [ $status = 4 ]; then
    can_install || fail "needs libtorch. Type (as root, or with sudo):" \
      "  apt-get update && apt-get install -y --no-install-recommends $libtorch_packages" \
      "or, without root, 'pip install torch', or set BGB_LIBTORCH to the folder of an unpacked libtorch (it holds" \
      "include/ and lib/). Then repeat the command."
    [ "$(id -u)" = 0 ] || echo "libtorch is missing: installing Debian's libtorch-dev with sudo"
    step "installed libtorch-dev" install_packages $libtorch_packages
    status=0
    bridge || status=$?
  fi
  [ $status = 0 ] || exit $status
}

bridge() {
  local before after status=0
  before=$(stat -c %Y%i build/bridge/stamp.json 2> /dev/null || true)
  node_modules/.bin/node native/build.ts --quiet || status=$?
  after=$(stat -c %Y%i build/bridge/stamp.json 2> /dev/null || true)
  [ "$before" = "$after" ] || did_something=yes
  return $status
}

compile_typescript() {
  local stamp=dist/.sources-hash hash
  hash=$( (find src -name '*.ts' ! -name '*.test.ts' -print0 | sort -z | xargs -0 sha256sum
    sha256sum tsconfig.json tsconfig.build.json package-lock.json) | sha256sum)
  if [ "$(cat "$stamp" 2> /dev/null)" = "$hash" ]; then return; fi
  rm -f "$stamp"
  rm -rf dist # whatever a source no longer stands for
  step "compiled TypeScript to dist/" bash scripts/with-node.sh node_modules/typescript/bin/tsc -p tsconfig.build.json
  echo "$hash" > "$stamp"
}

# A libtorch-dev from before this was needed lacks it; without, one process computes as ever.
add_gloo() {
  [ -e /usr/include/torch ] && [ ! -e /usr/include/gloo ] && [ "$(id -u)" = 0 ] && can_install || return 0
  step "installed libgloo-dev" install_packages libgloo-dev
}

check_programs
add_gloo
install_npm_packages
build_bridge
compile_typescript
[ $did_something = yes ] || echo "set up"
