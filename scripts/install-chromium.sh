#!/usr/bin/env bash
# Installs Chromium from Debian: the browser of the tests of the dashboard. Does nothing when it is there.
set -euo pipefail
command -v chromium >/dev/null && exit 0

if [ "$(id -u)" != 0 ]; then
  echo "Missing: Chromium. Install it as root: apt-get install --no-install-recommends chromium fonts-dejavu-core" >&2
  exit 1
fi
printf '\033[1mInstalling Debian packages: chromium (some 100 MB with what it needs: a minute)\033[0m\n'
export DEBIAN_FRONTEND=noninteractive
apt-get update -q -q
apt-get install -q -q -y --no-install-recommends chromium fonts-dejavu-core >/dev/null 2> >(grep -v 'delaying package configuration' >&2)
