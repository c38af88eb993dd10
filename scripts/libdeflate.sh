#!/usr/bin/env bash
# Prints the directory below which Debian's package libdeflate-dev is unpacked: / for this machine's architecture, else one in .cache, into which
# it is fetched with a package list of its own, its control file as DEBIAN/control. Argument: the architecture as Node names it (default: this one).
set -euo pipefail
cd "$(dirname "$0")/.."

own=$(uname -m | sed 's/x86_64/x64/; s/aarch64/arm64/')
arch=${1:-$own}
if [ "$arch" = "$own" ]; then
  scripts/install-packages.sh 'a moment' /usr/include/libdeflate.h=libdeflate-dev >&2
  echo /
  exit 0
fi

debian=${arch/x64/amd64}
directory=.cache/libdeflate-dev-$debian
if [ ! -d "$directory" ]; then
  apt=$(mktemp -d)
  trap 'rm -rf "$apt" "$directory.$$"' EXIT
  chmod 0755 "$apt"
  mkdir -p "$apt/state/lists/partial" "$apt/cache/archives/partial"
  touch "$apt/status"
  options=(-q -q -o "Dir::State=$apt/state" -o "Dir::State::status=$apt/status" -o "Dir::Cache=$apt/cache"
    -o "APT::Architecture=$debian" -o "APT::Architectures::=$debian" -o APT::Sandbox::User=)
  apt-get "${options[@]}" update >&2
  (cd "$apt" && apt-get "${options[@]}" download libdeflate-dev >&2)
  mkdir -p .cache
  dpkg-deb --raw-extract "$apt"/libdeflate-dev_*.deb "$directory.$$"
  # Another build may have been faster.
  mv -T "$directory.$$" "$directory" 2>/dev/null || [ -d "$directory" ]
fi
echo "$directory/"
