import { type Edition, packageVersion } from './version.ts';

const summary = 'back up, verify and restore etcd clusters';

const description = [
  'Watches a running etcd, keeps a full snapshot and every change since then in a',
  'store (a directory, S3, GCS, Azure, Swift, OSS, ECS, OCS), and builds a data',
  'directory from them when the cluster is lost. A restore needs no etcd.',
];

/** What DEBIAN/control says. */
export function debianControl({ version, architecture }: Edition & { readonly architecture: string }): string {
  return `Package: etcdbrctl
Version: ${packageVersion(version)}-1
Architecture: ${architecture}
Maintainer: The etcdbrctl authors <etcdbrctl@localhost>
Depends: libc6 (>= 2.28), libstdc++6 (>= 8), libgcc-s1 | libgcc1
Recommends: ca-certificates
Section: admin
Priority: optional
Description: ${summary}
${description.map((line) => ` ${line}`).join('\n')}
`;
}

const reload = 'if [ -d /run/systemd/system ]; then systemctl daemon-reload || true; fi';
const stop =
  'if [ -d /run/systemd/system ]; then systemctl --no-reload disable --now etcd-backup.service etcd-verify.timer || true; fi';

/** What dpkg runs. Nothing is started by an installation: there is no configuration yet. */
export const debianScripts: Readonly<Record<'postinst' | 'prerm' | 'postrm', string>> = {
  postinst: `#!/bin/sh\nset -e\n${reload}\n`,
  prerm: `#!/bin/sh\nset -e\nif [ "$1" = remove ]; then\n  ${stop}\nfi\n`,
  postrm: `#!/bin/sh\nset -e\n${reload}\n`,
};

/** What rpmbuild is told. The macro `_tree` is the directory with everything that is installed. */
export function rpmSpec({ version }: Edition): string {
  return `Name: etcdbrctl
Version: ${packageVersion(version)}
Release: 1
Summary: ${summary}
License: Apache-2.0
AutoReqProv: no
Requires: glibc >= 2.28, libstdc++, libgcc

%description
${description.join('\n')}

%install
cp -a %{_tree}/. %{buildroot}/

%files
%attr(0755, root, root) /usr/bin/etcdbrctl
%attr(0644, root, root) /usr/share/man/man1/*
%attr(0644, root, root) /usr/share/bash-completion/completions/etcdbrctl
%attr(0644, root, root) /usr/share/zsh/site-functions/_etcdbrctl
%attr(0644, root, root) /usr/share/fish/vendor_completions.d/etcdbrctl.fish
%attr(0644, root, root) /usr/lib/systemd/system/*
%dir %attr(0700, root, root) /etc/etcdbrctl
%config(noreplace) %attr(0600, root, root) /etc/etcdbrctl/config.yaml
%dir %attr(0755, root, root) /usr/share/doc/etcdbrctl
%attr(0644, root, root) /usr/share/doc/etcdbrctl/*

%post
${reload}

%preun
if [ "$1" = 0 ]; then
  ${stop}
fi

%postun
${reload}
`;
}
