#!/bin/sh
# image-files.sh DIRECTORY: puts next to DIRECTORY/etcdbrctl what it needs in an image of its own: the libraries it is linked
# to, CA certificates, the users nonroot and root with their home directories, and /tmp. Runs in the Dockerfile, on Debian.
set -eu
image=$1

# Libraries at the paths that the loader of this architecture looks at; the loader itself is the line without an arrow.
ldd "$image/etcdbrctl" | awk '$2 == "=>" && $3 ~ /^\// { print $3 } $1 ~ /^\// { print $1 }' >/tmp/libraries
while read -r library; do
  mkdir -p "$image$(dirname "$library")"
  cp -L "$library" "$image$library"
done </tmp/libraries

# Scanners of images find the packages there, as in those of distroless.
mkdir -p "$image/var/lib/dpkg/status.d"
for package in libc6 libgcc-s1 libstdc++6 ca-certificates; do
  dpkg-query --status "$package" >"$image/var/lib/dpkg/status.d/$package"
  mkdir -p "$image/usr/share/doc/$package"
  cp -L "/usr/share/doc/$package/copyright" "$image/usr/share/doc/$package/"
done

mkdir -p "$image/etc/ssl/certs"
cp -L /etc/ssl/certs/ca-certificates.crt "$image/etc/ssl/certs/"
echo 'hosts: files dns' >"$image/etc/nsswitch.conf"
cat >"$image/etc/passwd" <<'PASSWD'
root:x:0:0:root:/root:/sbin/nologin
nonroot:x:65532:65532:nonroot:/home/nonroot:/sbin/nologin
PASSWD
cat >"$image/etc/group" <<'GROUP'
root:x:0:
nonroot:x:65532:
GROUP

mkdir -p "$image/home/nonroot" "$image/root" "$image/tmp" "$image/usr/local/bin"
chmod 0700 "$image/home/nonroot" "$image/root"
chown 65532:65532 "$image/home/nonroot"
chmod 1777 "$image/tmp"
ln -s /etcdbrctl "$image/usr/local/bin/etcdbrctl"
chmod 0755 "$image/etcdbrctl"
