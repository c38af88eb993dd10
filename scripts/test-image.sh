#!/usr/bin/env bash
# test-image.sh [ARCHITECTURE]: builds the image of the Dockerfile without a container engine, and exercises its files: buildah runs
# the stages, each in a chroot, on a Debian that debootstrap makes in place of the base image. Needs root. Mirror, registry and
# certificates are those this machine is set up with. What is checked: test/image.
#
# ARCHITECTURE is that of Debian, this machine's when it is left out. For another one all is run by an emulator that the kernel is
# told of (binfmt_misc) until the end; the stage `build` is not run there, which would take hours: the executable is that of a release.
set -euo pipefail
cd "$(dirname "$0")/.."
suite=bookworm
base=debian:bookworm-slim
own=$(dpkg --print-architecture)
arch=${1:-$own}
work=$PWD/.cache/image/$arch
binfmt=/proc/sys/fs/binfmt_misc
handler=etcdbrctl-image-$arch

say() { printf '\n\033[1m%s\033[0m\n' "$*"; }

if [ "$(id -u)" != 0 ]; then
  echo 'test-image runs stages in a chroot and needs root' >&2
  exit 1
fi
proxies=()
scripts/install-packages.sh 'a minute' buildah=buildah debootstrap=debootstrap

mirror=$(scripts/debian-mirror.sh)

# The executables of an architecture, by the first bytes of an ELF file (binfmt_misc(5)), and the emulator, which F keeps open: it is not
# in the chroots.
emulate() {
  local machine emulator
  case $arch in
    arm64) machine='\xb7\x00' emulator=qemu-aarch64-static ;;
    amd64) machine='\x3e\x00' emulator=qemu-x86_64-static ;;
    *) echo "there is no executable for $arch" >&2; exit 1 ;;
  esac
  scripts/install-packages.sh 'a minute' "$emulator=qemu-user-static"
  [ -e "$binfmt/register" ] || mount -t binfmt_misc none "$binfmt" 2>/dev/null || true
  if [ ! -w "$binfmt/register" ]; then
    echo "SKIPPED: the kernel takes no emulator ($binfmt), so the image for $arch is not run here"
    exit 0
  fi
  [ ! -e "$binfmt/$handler" ] || echo -1 >"$binfmt/$handler"
  printf ':%s:M::%s:%s:%s:F' "$handler" \
    '\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00'"$machine" \
    '\xff\xff\xff\xff\xff\xff\xff\x00\xff\xff\xff\xff\xff\xff\xff\xff\xfe\xff\xff\xff' "$(command -v "$emulator")" >"$binfmt/register"
}

finish() {
  "${buildah[@]}" umount --all >/dev/null 2>&1 || true
  rm -rf "$work/storage" "$work/run" "$work/base" "$work/context"
  [ ! -e "$binfmt/$handler" ] || echo -1 >"$binfmt/$handler"
}

rm -rf "$work/storage" "$work/run" "$work/root" "$work/base" "$work/context"
mkdir -p "$work/packages"
export BUILDAH_ISOLATION=chroot
buildah=(buildah --root "$work/storage" --runroot "$work/run" --storage-driver "${IMAGE_STORAGE:-overlay}")
trap finish EXIT
[ "$arch" = "$own" ] || emulate

say "Making a Debian ($suite, $arch) in place of $base"
debootstrap --arch="$arch" --variant=minbase --cache-dir="$work/packages" "$suite" "$work/base" "$mirror" >"$work/debootstrap.log" 2>&1 ||
  { tail -20 "$work/debootstrap.log" >&2; exit 1; }
apt-config dump | grep -E '^Acquire::(Check-|http|https|Retries|ForceIPv)' >"$work/base/etc/apt/apt.conf.d/99machine" || true
# The machine may trust more than Debian does; the image must not.
cp /etc/ssl/certs/ca-certificates.crt "$work/base/etc/machine-authorities.crt"
container=$("${buildah[@]}" from --arch "$arch" scratch)
"${buildah[@]}" config --env NODE_EXTRA_CA_CERTS=/etc/machine-authorities.crt "$container"
# Without an npm of its own the machine has no registry that npm does not take by itself.
if command -v npm >/dev/null; then
  "${buildah[@]}" config --env "npm_config_registry=$(npm config get registry 2>/dev/null)" "$container"
fi
"${buildah[@]}" add -q "$container" "$work/base" / >/dev/null
"${buildah[@]}" commit -q --rm "$container" "$base" >/dev/null
rm -rf "$work/base"

context=$work/context
git clone -q "file://$PWD" "$context"
if [ "$arch" != "$own" ]; then
  say "Building the executable for $arch, in place of the stage build"
  scripts/install-packers.sh
  mkdir -p "$context/prebuilt/bin"
  cp LICENSE "$context/prebuilt/"
  node_modules/.bin/node scripts/build.ts --arch "${arch/amd64/x64}" --output "$context/prebuilt/bin/etcdbrctl" --work-dir "$work/build"
  sed -i '/ AS build$/,/^$/c FROM scratch AS build\nCOPY prebuilt/ /src/\n' "$context/Dockerfile"
  grep -q '^FROM scratch AS build' "$context/Dockerfile" || { echo 'the Dockerfile has no stage build any more' >&2; exit 1; }
fi

say 'Building the stages of the Dockerfile'
for name in http_proxy https_proxy no_proxy HTTP_PROXY HTTPS_PROXY NO_PROXY; do
  [ -z "${!name:-}" ] || proxies+=(--build-arg "$name=${!name}")
done
"${buildah[@]}" build --arch "$arch" --pull-never --layers=false --network host --build-arg REVISION="$(git -C "$context" rev-parse HEAD)" \
  "${proxies[@]}" --tag etcdbrctl "$context" >"$work/build.log" 2>&1 || { tail -40 "$work/build.log" >&2; exit 1; }
rm -rf "$context"

say 'Exercising the image'
"${buildah[@]}" inspect --type image etcdbrctl >"$work/image.json"
container=$("${buildah[@]}" from --arch "$arch" --pull-never etcdbrctl)
IMAGE_ROOT=$("${buildah[@]}" mount "$container") IMAGE_FACTS="$work/image.json" \
  node_modules/.bin/node --test --test-timeout=600000 --test-concurrency=1 --test-reporter=spec 'test/image/*.test.ts'
say "PASS: the image for $arch works"
