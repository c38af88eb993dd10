#!/usr/bin/env bash
# Proves that `make quickstart` and `make test` need nothing but a bare Debian 12 with make, git and CA certificates:
# runs both, on the commit that is checked out, in a chroot made for it. Needs root. Mirror, registry and certificates
# are those this machine is set up with. Arguments: the make targets to run instead.
set -euo pipefail
cd "$(dirname "$0")/.."
suite=bookworm
targets=("$@")
[ "$#" -gt 0 ] || targets=(quickstart test)

say() { printf '\n\033[1m%s\033[0m\n' "$*"; }

if [ "$(id -u)" != 0 ]; then
  echo 'test-bare makes a chroot and needs root' >&2
  exit 1
fi
scripts/install-packages.sh 'a moment' debootstrap=debootstrap

mirror=$(scripts/debian-mirror.sh)

root=$(mktemp -d "${TMPDIR:-/var/tmp}/etcdbrctl-bare-XXXXXX")
trap 'rm -rf "$root"' EXIT

say "Making a bare Debian ($suite) in $root"
mkdir -p .cache/debootstrap
debootstrap --variant=minbase --include=make,git,ca-certificates --cache-dir="$PWD/.cache/debootstrap" \
  "$suite" "$root" "$mirror" >"$root.log" 2>&1 || { tail -20 "$root.log" >&2; rm -f "$root.log"; exit 1; }
rm -f "$root.log"

say 'Giving it this machine'\''s network settings and the current commit'
apt-config dump | grep -E '^Acquire::(Check-|http|https|Retries|ForceIPv)' >"$root/etc/apt/apt.conf.d/99machine" || true
cp /etc/resolv.conf "$root/etc/resolv.conf"
cp /etc/hosts "$root/etc/hosts"
cp /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/ca-certificates.crt"
git clone -q "file://$PWD" "$root/srv/etcdbrctl"

environment=(HOME=/root PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 TERM="${TERM:-dumb}")
for name in http_proxy https_proxy no_proxy HTTP_PROXY HTTPS_PROXY NO_PROXY; do
  [ -z "${!name:-}" ] || environment+=("$name=${!name}")
done
[ -z "${NODE_EXTRA_CA_CERTS:-}" ] || environment+=(NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt)
if command -v npm >/dev/null; then
  environment+=("npm_config_registry=$(npm config get registry 2>/dev/null)")
fi

# Mounts and processes are in namespaces of their own: both are gone when the last command has ended.
run() {
  unshare --mount --pid --fork --kill-child bash -c '
    set -e
    mount --make-rprivate /
    mount --rbind /dev "$1/dev"
    mount -t proc proc "$1/proc"
    mount -t sysfs -o ro sysfs "$1/sys"
    exec chroot "$1" /usr/bin/env -i "${@:2}"
  ' bare "$root" "${environment[@]}" "$@"
}

for target in "${targets[@]}"; do
  say "make $target in the bare Debian"
  started=$SECONDS
  run make -C /srv/etcdbrctl "$target"
  say "make $target: done in $((SECONDS - started)) s"
done
say 'PASS: a bare Debian is enough'
