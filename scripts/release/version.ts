import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** What a release is called, and when its sources were written. */
export interface Edition {
  /** Semantic version, without a `v`. */
  readonly version: string;
  /** When the commit was made, s since 1970: the date of every file in the archives. */
  readonly epoch: number;
}

/**
 * The version of the commit that is checked out: that of its tag `vX.Y.Z`; without a tag the next one as package.json has it, with the commit,
 * `0.1.0-dev.34d08fc`. Throws when the tag and package.json contradict each other, and for files that differ from the
 * commit, unless `SOURCE_DATE_EPOCH` is set, which wins over the commit's date.
 */
export function editionOf(root: string, environment: NodeJS.ProcessEnv): Edition {
  const git = (...args: string[]): string => execFileSync('git', args, { cwd: root, encoding: 'utf8' }).trim();
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { readonly version: string };
  const given = environment['SOURCE_DATE_EPOCH'];
  if (given === undefined && git('status', '--porcelain', '--untracked-files=no') !== '') {
    throw new Error('files differ from the commit: commit them, or set SOURCE_DATE_EPOCH for a trial');
  }
  return {
    version: versionOf({
      tags: git('tag', '--points-at', 'HEAD').split('\n'),
      version,
      commit: git('rev-parse', 'HEAD'),
    }),
    epoch: Number(given ?? git('log', '-1', '--format=%ct')),
  };
}

/** The version by the tags of a commit and package.json. Throws when they contradict each other. */
export function versionOf(commit: {
  readonly tags: readonly string[];
  /** That of package.json. */
  readonly version: string;
  /** Its hash. */
  readonly commit: string;
}): string {
  const tagged = commit.tags.flatMap((tag) => /^v(\d+\.\d+\.\d+(?:-[0-9A-Za-z.]+)?)$/.exec(tag)?.[1] ?? []);
  const [version, ...others] = tagged;
  if (others.length > 0) {
    throw new Error(`the commit has several tags of a version: ${tagged.join(', ')}`);
  }
  if (version === undefined) {
    return `${commit.version}-dev.${commit.commit.slice(0, 7)}`;
  }
  if (version.split('-')[0] !== commit.version) {
    throw new Error(`the tag says ${version}, package.json ${commit.version}`);
  }
  return version;
}

/** The same for Debian's and RPM's packages, where a tilde comes before the release itself. */
export function packageVersion(version: string): string {
  return version.replace('-', '~');
}
