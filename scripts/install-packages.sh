#!/usr/bin/env bash
# install-packages.sh NOTE COMMAND=PACKAGE…: installs the Debian packages of those commands that are missing, and says so with the
# note, such as how long it takes. A path stands for a file of the package. Does nothing when all are there. Needs root to install.
set -euo pipefail
note=$1
shift

missing=()
for pair in "$@"; do
  command -v "${pair%%=*}" >/dev/null || [ -e "${pair%%=*}" ] || missing+=("${pair#*=}")
done
[ "${#missing[@]}" -gt 0 ] || exit 0

if [ "$(id -u)" != 0 ]; then
  echo "Missing: ${missing[*]}. Install them as root: apt-get install --no-install-recommends ${missing[*]}" >&2
  exit 1
fi
printf '\033[1mInstalling Debian packages: %s (%s)\033[0m\n' "${missing[*]}" "$note"
export DEBIAN_FRONTEND=noninteractive
apt-get update -q -q
apt-get install -q -q -y --no-install-recommends "${missing[@]}" >/dev/null 2> >(grep -v 'delaying package configuration' >&2)
