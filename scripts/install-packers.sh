#!/usr/bin/env bash
# Installs what `make release` needs from Debian: rpmbuild, and for the other architecture an emulator, a compiler and its libraries.
# Does nothing when it is there.
set -euo pipefail
case $(uname -m) in
  x86_64) other=(qemu-aarch64=qemu-user aarch64-linux-gnu-gcc=gcc-aarch64-linux-gnu) libraries=/usr/aarch64-linux-gnu cross=arm64 ;;
  aarch64) other=(qemu-x86_64=qemu-user x86_64-linux-gnu-gcc=gcc-x86-64-linux-gnu) libraries=/usr/x86_64-linux-gnu cross=amd64 ;;
  *) echo "No release is built on $(uname -m)" >&2; exit 1 ;;
esac
missing=()
for tool in rpmbuild=rpm dpkg-deb=dpkg "${other[@]}"; do
  command -v "${tool%%=*}" >/dev/null || missing+=("${tool##*=}")
done
[ -e "$libraries/lib/libstdc++.so.6" ] || missing+=("libstdc++6-$cross-cross")
[ "${#missing[@]}" -gt 0 ] || exit 0

if [ "$(id -u)" != 0 ]; then
  echo "Missing: ${missing[*]}. Install them as root: apt-get install --no-install-recommends ${missing[*]}" >&2
  exit 1
fi
printf '\033[1mInstalling Debian packages: %s\033[0m\n' "${missing[*]}"
export DEBIAN_FRONTEND=noninteractive
apt-get update -q -q
apt-get install -q -q -y --no-install-recommends "${missing[@]}" >/dev/null 2> >(grep -v 'delaying package configuration' >&2)
