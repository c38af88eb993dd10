#!/usr/bin/env bash
# Installs what the build and the tests need: a few Debian packages when they are missing, then the npm packages of the
# lockfile. Does nothing when the lockfile is the one installed last.
set -euo pipefail
cd "$(dirname "$0")/.."

say() { printf '\033[1m%s\033[0m\n' "$*"; }

# A linked node_modules belongs to another checkout, which keeps it up to date.
[ -L node_modules ] && exit 0

scripts/install-packages.sh 'npm alone needs some 400 others: 2 to 5 minutes' \
  node=nodejs npm=npm strip=binutils cc=gcc openssl=openssl /usr/include/libdeflate.h=libdeflate-dev

lockfile=$(sha256sum package-lock.json)
stamp=node_modules/.installed
[ "$(cat "$stamp" 2>/dev/null)" = "$lockfile" ] && exit 0

say 'Installing npm packages (a minute)'
# npm 9 stumbles over overrides that are aliases ("Invalid comparator"); a newer one installs itself for the moment.
if [ "$(npm --version | cut -d. -f1)" -lt 10 ]; then
  npm=(npm exec --yes npm@10.9.4 --)
else
  npm=(npm)
fi
# The system's Node only runs this installation; the packages run on the Node among them, which is new enough.
"${npm[@]}" ci 2> >(grep -v EBADENGINE >&2)

# Three packages offer the runtime, one a platform; npm 10 drops the link when it skips the others.
if [ ! -e node_modules/.bin/node ]; then
  for runtime in node_modules/node-*/bin/node; do
    if [ -x "$runtime" ]; then
      ln -s "../${runtime#node_modules/}" node_modules/.bin/node
    fi
  done
fi
node_modules/.bin/node --version >/dev/null
echo "$lockfile" >"$stamp"
