#!/usr/bin/env bash
# Builds the image of the Dockerfile without a container engine, and exercises its files: buildah runs the stages, each in a
# chroot, on a Debian that debootstrap makes in place of the base image. Needs root. Mirror, registry and certificates are those
# this machine is set up with. What is checked: test/image.
set -euo pipefail
cd "$(dirname "$0")/.."
suite=bookworm
base=debian:bookworm-slim
work=$PWD/.cache/image

say() { printf '\n\033[1m%s\033[0m\n' "$*"; }

if [ "$(id -u)" != 0 ]; then
  echo 'test-image runs stages in a chroot and needs root' >&2
  exit 1
fi
proxies=()
scripts/install-packages.sh 'a minute' buildah=buildah debootstrap=debootstrap

mirror=$(scripts/debian-mirror.sh)

rm -rf "$work/storage" "$work/run" "$work/root" "$work/base"
mkdir -p "$work/packages"
export BUILDAH_ISOLATION=chroot
buildah=(buildah --root "$work/storage" --runroot "$work/run" --storage-driver "${IMAGE_STORAGE:-overlay}")
trap '"${buildah[@]}" umount --all >/dev/null 2>&1 || true; rm -rf "$work/storage" "$work/run" "$work/base"' EXIT

say "Making a Debian ($suite) in place of $base"
debootstrap --variant=minbase --cache-dir="$work/packages" "$suite" "$work/base" "$mirror" >"$work/debootstrap.log" 2>&1 ||
  { tail -20 "$work/debootstrap.log" >&2; exit 1; }
apt-config dump | grep -E '^Acquire::(Check-|http|https|Retries|ForceIPv)' >"$work/base/etc/apt/apt.conf.d/99machine" || true
# The machine may trust more than Debian does; the image must not.
cp /etc/ssl/certs/ca-certificates.crt "$work/base/etc/machine-authorities.crt"
container=$("${buildah[@]}" from scratch)
"${buildah[@]}" config --env NODE_EXTRA_CA_CERTS=/etc/machine-authorities.crt "$container"
# Without an npm of its own the machine has no registry that npm does not take by itself.
if command -v npm >/dev/null; then
  "${buildah[@]}" config --env "npm_config_registry=$(npm config get registry 2>/dev/null)" "$container"
fi
"${buildah[@]}" add -q "$container" "$work/base" / >/dev/null
"${buildah[@]}" commit -q --rm "$container" "$base" >/dev/null
rm -rf "$work/base"

say 'Building the stages of the Dockerfile'
context=$(mktemp -d "$work/context-XXXXXX")
git clone -q "file://$PWD" "$context"
for name in http_proxy https_proxy no_proxy HTTP_PROXY HTTPS_PROXY NO_PROXY; do
  [ -z "${!name:-}" ] || proxies+=(--build-arg "$name=${!name}")
done
"${buildah[@]}" build --pull-never --layers=false --network host --build-arg REVISION="$(git rev-parse HEAD)" \
  "${proxies[@]}" --tag etcdbrctl "$context" >"$work/build.log" 2>&1 || { tail -40 "$work/build.log" >&2; rm -rf "$context"; exit 1; }
rm -rf "$context"

say 'Exercising the image'
"${buildah[@]}" inspect --type image etcdbrctl >"$work/image.json"
container=$("${buildah[@]}" from --pull-never etcdbrctl)
IMAGE_ROOT=$("${buildah[@]}" mount "$container") IMAGE_FACTS="$work/image.json" \
  node_modules/.bin/node --test --test-timeout=300000 --test-concurrency=1 --test-reporter=spec test/image/image.test.ts test/image/server.test.ts
say 'PASS: the image works'
