import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from './run.ts';

/** Names by which a Debian release may be listed in the sources of a machine that runs Debian. */
const debianReleases = ['stable', 'oldstable', 'testing', 'bookworm', 'trixie', 'forky', 'sid', 'unstable'];

/**
 * Downloads Debian packages of a suite that need not be the machine's own and unpacks them below `into`; nothing is
 * installed. Mirror, keys and proxies are those of the machine's apt: its own entry for the Debian archive
 * is copied with another suite, and indexes go to a private directory below `scratch`.
 */
export async function unpackDebianPackages(request: {
  readonly suite: string;
  readonly packages: readonly string[];
  readonly into: string;
  readonly scratch: string;
}): Promise<void> {
  const { suite, packages, into, scratch } = request;
  const downloads = join(scratch, 'downloads');
  for (const dir of ['lists/partial', 'cache/archives/partial', 'sources', 'downloads']) {
    mkdirSync(join(scratch, dir), { recursive: true });
  }
  const source = await machineDebianSource();
  writeFileSync(join(scratch, 'sources', `${suite}.${source.form}`), source.forSuite(suite));
  const configuration = join(scratch, 'apt.conf');
  const sources = ['Dir::Etc::SourceList "/dev/null";', `Dir::Etc::SourceParts "${join(scratch, 'sources')}";`];
  writeFileSync(
    configuration,
    [privateAptConfiguration(scratch), ...sources, 'APT::Update::Error-Mode "any";', ''].join('\n'),
  );
  await run('apt-get', ['-c', configuration, '-q', 'update']);
  await run('apt-get', ['-c', configuration, '-q', 'download', ...packages], { cwd: downloads });
  mkdirSync(into, { recursive: true });
  for (const file of readdirSync(downloads).filter((name) => name.endsWith('.deb'))) {
    await run('dpkg', ['-x', join(downloads, file), into]);
  }
}

/** Settings that keep apt away from the machine's own lists, caches, locks and hooks; its own are `lists` and `cache` below `scratch`. */
export function privateAptConfiguration(scratch: string): string {
  return [
    '#clear APT::Update::Post-Invoke;',
    '#clear APT::Update::Post-Invoke-Success;',
    '#clear Acquire::IndexTargets::deb::DEP-11;',
    'Acquire::Languages "none";',
    'Acquire::Retries "3";',
    'Debug::NoLocking "true";',
    'APT::Sandbox::User "root";',
    `Dir::State::Lists "${join(scratch, 'lists')}";`,
    `Dir::Cache "${join(scratch, 'cache')}";`,
    '',
  ].join('\n');
}

/** The machine's entry for the main Debian archive, ready to be written down for another suite. */
interface DebianSource {
  /** File name suffix apt wants for this syntax: the older one-line form or deb822. */
  readonly form: 'list' | 'sources';
  forSuite(suite: string): string;
}

async function machineDebianSource(): Promise<DebianSource> {
  const format = '$(ORIGIN)|$(RELEASE)|$(COMPONENT)|$(SOURCESENTRY)';
  const { stdout } = await run('apt-get', ['indextargets', '--format', format, 'Created-By: Packages']);
  const targets = stdout.split('\n').flatMap((line) => {
    const [origin, release, component, entry] = line.split('|');
    // An entry reads FILE:NUMBER. Releases with a dash or slash are the updates and security archives.
    const file = entry?.replace(/:\d+$/, '');
    const usable = component === 'main' && release !== undefined && file !== undefined && !/[-/]/.test(release);
    return usable ? [{ fromDebian: origin === 'Debian', release, file }] : [];
  });
  const found =
    targets.find((target) => target.fromDebian) ?? targets.find((target) => debianReleases.includes(target.release));
  if (found === undefined) {
    throw new Error("apt's sources have no entry for a Debian release with the component main");
  }
  const text = readFileSync(found.file, 'utf8');
  const source = found.file.endsWith('.sources')
    ? fromStanzas(text, found.release)
    : fromOneLineForm(text, found.release);
  if (source === undefined) {
    throw new Error(`${found.file} has no deb entry for ${found.release}, though apt names it`);
  }
  return source;
}

/** deb822: stanzas of `Field: value` lines, see sources.list(5). */
function fromStanzas(text: string, release: string): DebianSource | undefined {
  const stanza = text
    .replaceAll(/^#.*\n/gm, '')
    .split(/\n\s*\n/)
    .find((candidate) => {
      const suites = /^Suites:(.*)$/im.exec(candidate)?.[1] ?? '';
      const types = /^Types:(.*)$/im.exec(candidate)?.[1] ?? '';
      return types.trim().split(/\s+/).includes('deb') && suites.trim().split(/\s+/).includes(release);
    });
  if (stanza === undefined) {
    return undefined;
  }
  return {
    form: 'sources',
    forSuite: (suite) =>
      `${stanza
        .replace(/^Types:.*$/im, 'Types: deb')
        .replace(/^Suites:.*$/im, `Suites: ${suite}`)
        .replace(/^Components:.*$/im, 'Components: main')
        .trim()}\n`,
  };
}

/** The older form: `deb [options] URI suite component…`, see sources.list(5). */
function fromOneLineForm(text: string, release: string): DebianSource | undefined {
  for (const line of text.split('\n')) {
    const [, options = '', uri, suite] = /^\s*deb\s+(\[[^\]]*\]\s+)?(\S+)\s+(\S+)\s/.exec(line) ?? [];
    if (uri !== undefined && suite === release) {
      return { form: 'list', forSuite: (other) => `deb ${options}${uri} ${other} main\n` };
    }
  }
  return undefined;
}
