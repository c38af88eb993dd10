#!/usr/bin/env bash
# Installs Ceph's gateway, monitor and storage daemon from Debian: the S3 server of the tests. Does nothing when they are there.
set -euo pipefail
packages=(radosgw ceph-mon ceph-osd ceph-common)

missing=0
for program in radosgw ceph-mon ceph-osd ceph; do
  command -v "$program" >/dev/null || missing=1
done
[ "$missing" = 1 ] || exit 0

if [ "$(id -u)" != 0 ]; then
  echo "Missing: Ceph. Install it as root: apt-get install --no-install-recommends ${packages[*]}" >&2
  exit 1
fi
printf '\033[1mInstalling Debian packages: %s (some 250 MB with what they need: 1 to 3 minutes)\033[0m\n' "${packages[*]}"
export DEBIAN_FRONTEND=noninteractive
apt-get update -q -q
apt-get install -q -q -y --no-install-recommends "${packages[@]}" >/dev/null 2> >(grep -v 'delaying package configuration' >&2)
