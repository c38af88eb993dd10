#!/usr/bin/env bash
# at-once.sh MAKE TARGET OTHER…: makes all targets at the same time. Shows what TARGET prints as it comes, of the others only
# what those print that fail. The last line says what failed.
set -uo pipefail
cd "$(dirname "$0")/../.."
make=$1 shown=$2
shift 2
mkdir -p .cache
printed=$(mktemp -d .cache/at-once.XXXXXX)
trap 'rm -rf "$printed"' EXIT

run() {
  $make "$1" >"$printed/$1" 2>&1 || { printf '\n\n%s\n' "FAILED make $1" && cat "$printed/$1" && return 1; }
}

pids=()
for target in "$@"; do
  run "$target" &
  pids+=($!)
done
failed=()
$make "$shown" || failed+=("$shown")
for target in "$@"; do
  wait "${pids[0]}" || failed+=("$target")
  pids=("${pids[@]:1}")
done
if [ "${#failed[@]}" -gt 0 ]; then
  echo "FAILED: ${failed[*]}"
  exit 1
fi
