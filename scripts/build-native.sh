#!/usr/bin/env bash
# Compiles src/runtime/process/native/NAME.c into .cache/native/NAME-PLATFORM-ARCH.node and prints the path. The executable embeds
# the file as the asset `NAME.node`. Arguments: NAME (flock, pages, cores, gunzip, unzstd, deflate, sha256), and the architecture as Node names it (default: this one).
set -euo pipefail
cd "$(dirname "$0")/.."

platform=$(uname -s | tr '[:upper:]' '[:lower:]')
case $(uname -m) in
  x86_64) own=x64 ;;
  aarch64 | arm64) own=arm64 ;;
  *) own=$(uname -m) ;;
esac
name=$1
arch=${2:-$own}
output=.cache/native/$name-$platform-$arch.node
source=src/runtime/process/native/$name.c
shopt -s nullglob
headers=(src/runtime/process/native/*.h)
libraries=()
flags=(-std=c11 -Wall -Wextra -Werror -Os -shared -fPIC -ffreestanding -I node_modules/node-api-headers/include)
if [ "$name" = gunzip ]; then
  library=$(scripts/libdeflate.sh "$arch")
  case $arch in arm64) triple=aarch64-linux-gnu ;; *) triple=x86_64-linux-gnu ;; esac
  libraries+=("${library}usr/lib/$triple/libdeflate.a")
  flags+=(-I "${library}usr/include" -Wl,--exclude-libs,ALL)
fi

case $arch in
  "$own") compiler=${CC:-cc} ;;
  arm64) compiler=aarch64-linux-gnu-gcc ;;
  x64) compiler=x86_64-linux-gnu-gcc ;;
  *) echo "No compiler known for $arch" >&2; exit 1 ;;
esac

# A package that was installed since brings files that may be older: what counts is when they came.
if [ "$output" -nt "$0" ] && [ -z "$(find "$source" "${headers[@]}" "${libraries[@]}" -newer "$output" -o -cnewer "$output")" ]; then
  echo "$output"
  exit 0
fi
mkdir -p .cache/native
if [ "$platform" = darwin ]; then
  flags+=(-D__errno_location=__error -undefined dynamic_lookup)
else
  # Nothing is linked in: Node's and libc's functions are there when the module is loaded.
  flags+=(-nostdlib -s -Wl,--build-id=none -Wl,-z,now)
fi
"$compiler" "${flags[@]}" -o "$output.$$" "$source" "${libraries[@]}"
mv "$output.$$" "$output"
echo "$output"
