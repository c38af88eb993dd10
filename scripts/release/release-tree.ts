import { chmodSync, copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { everyCommand } from '../../src/cli/commands.ts';
import { bashCompletion } from '../../src/cli/completion/bash.ts';
import { fishCompletion } from '../../src/cli/completion/fish.ts';
import { completionModel } from '../../src/cli/completion/model.ts';
import { zshCompletion } from '../../src/cli/completion/zsh.ts';
import { manPages } from '../man-pages.ts';
import type { Edition } from './version.ts';

const commands = await everyCommand();

/** What goes into the archives of one architecture. */
export interface ReleaseParts extends Edition {
  /** Absolute path of the checkout. */
  readonly root: string;
  /** Absolute path of the executable, which has its licences and bill of materials next to it. */
  readonly executable: string;
}

/** Where the units are in the checkout. */
export const units = ['etcd-backup.service', 'etcd-verify.service', 'etcd-verify.timer'] as const;

/** Completion scripts by the name that each shell looks for. */
function completions(): Readonly<Record<'bash' | 'zsh' | 'fish', string>> {
  const model = completionModel(commands);
  return { bash: bashCompletion(model), zsh: zshCompletion(model), fish: fishCompletion(model) };
}

/** Writes what a package installs below `into`, as it is to be found from the root of a system. */
export function writeInstalledTree(parts: ReleaseParts, into: string, zshDirectory: string): void {
  const put = writerOf(into);
  put.copy(parts.executable, 'usr/bin/etcdbrctl', 0o755);
  for (const [name, text] of pagesOf(parts)) {
    put.text(`usr/share/man/man1/${name}.gz`, gzipSync(text, { level: 9 }));
  }
  const { bash, zsh, fish } = completions();
  put.text('usr/share/bash-completion/completions/etcdbrctl', bash);
  put.text(`${zshDirectory}/_etcdbrctl`, zsh);
  put.text('usr/share/fish/vendor_completions.d/etcdbrctl.fish', fish);
  for (const unit of units) {
    put.copy(join(parts.root, 'scripts/release/files', unit), `usr/lib/systemd/system/${unit}`);
  }
  put.copy(join(parts.root, 'scripts/release/files/config.yaml'), 'etc/etcdbrctl/config.yaml', 0o600);
  // It may hold passwords, in files that are added later.
  chmodSync(join(into, 'etc/etcdbrctl'), 0o700);
  for (const [name, file] of papersOf(parts)) {
    put.copy(file, `usr/share/doc/etcdbrctl/${name}`);
  }
}

/** Writes what the tar archive holds below `into`: the executable, and what belongs to it, one folder each. */
export function writeArchiveTree(parts: ReleaseParts, into: string): void {
  const put = writerOf(into);
  put.copy(parts.executable, 'etcdbrctl', 0o755);
  for (const [name, text] of pagesOf(parts)) {
    put.text(`man/man1/${name}`, text);
  }
  const { bash, zsh, fish } = completions();
  put.text('completions/etcdbrctl.bash', bash);
  put.text('completions/_etcdbrctl', zsh);
  put.text('completions/etcdbrctl.fish', fish);
  for (const unit of units) {
    put.copy(join(parts.root, 'scripts/release/files', unit), `systemd/${unit}`);
  }
  put.copy(join(parts.root, 'scripts/release/files/config.yaml'), 'systemd/config.yaml');
  for (const [name, file] of papersOf(parts)) {
    put.copy(file, name);
  }
}

function pagesOf({ version, epoch }: Edition): ReadonlyMap<string, string> {
  return manPages({ version, date: new Date(epoch * 1_000).toISOString().slice(0, 10) });
}

/** Licences, bill of materials and history, by the names that they get. */
function papersOf({ root, executable }: ReleaseParts): readonly (readonly [string, string])[] {
  return [
    ...['LICENSE', 'README.md', 'CHANGELOG.md'].map((name) => [name, join(root, name)] as const),
    ['licenses.txt', `${executable}-licenses.txt`],
    ['sbom.cdx.json', `${executable}-sbom.json`],
  ];
}

function writerOf(into: string): {
  readonly text: (path: string, content: string | Uint8Array, mode?: number) => void;
  readonly copy: (from: string, path: string, mode?: number) => void;
} {
  const text = (path: string, content: string | Uint8Array, mode = 0o644): void => {
    const file = join(into, path);
    mkdirSync(dirname(file), { recursive: true, mode: 0o755 });
    writeFileSync(file, content, { mode });
  };
  return {
    text,
    copy: (from, path, mode = 0o644) => {
      if (basename(from) === 'etcdbrctl') {
        text(path, '', mode);
        copyFileSync(from, join(into, path));
      } else {
        text(path, readFileSync(from), mode);
      }
    },
  };
}
