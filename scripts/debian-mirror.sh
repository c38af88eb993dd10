#!/usr/bin/env bash
# Prints the mirror of the Debian archive that this machine's apt is set up with.
set -euo pipefail
mirror=$(apt-get indextargets --format '$(ORIGIN) $(COMPONENT) $(RELEASE) $(SITE)' 'Created-By: Packages' |
  awk '$1 == "Debian" && $2 == "main" && $3 !~ /[-\/]/ { print $4; exit }')
if [ -z "$mirror" ]; then
  echo "apt's sources have no entry for a Debian release" >&2
  exit 1
fi
echo "$mirror"
