import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { makeTempDir, type TempDir } from '../../../scripts/lab/temp-dir.ts';
import { type EndedRun, startInProcess } from '../cli/run-in-process.ts';
import { storedKeys } from '../datadir/stored-keys.ts';
import { assertOwnWords } from '../files/file-faults.ts';
import { ageKey } from '../fixtures/age-keys.ts';
import type { GoldenObject } from '../fixtures/golden-store.ts';

/** What a reader made of a store: a refusal, or an answer that can be compared. */
export type Reading =
  | { readonly kind: 'refused'; readonly stderr: string }
  | { readonly kind: 'answered'; readonly answer: string };

/** A command that reads encrypted objects. */
export interface SealedReader {
  readonly args: readonly string[];
  /** What is compared of what it made; by default its stdout. */
  answer?(ended: EndedRun, dir: TempDir): Promise<string>;
  /** What may not be there after a refusal, below the scratch directory. */
  readonly leavesNo?: string;
}

/** The keys that a restore gives of what a command made. */
async function stateOf(dir: TempDir, container: string): Promise<string> {
  const made = ['restore', `--data-dir=${dir.join('made')}`, ...place(dir, container), key(dir), '--log-format=text'];
  const { exitCode, stderr } = await startInProcess(made, { HOME: dir.path }).ended;
  return exitCode === 0 ? await keysIn(dir.join('made')) : `it cannot be restored: ${stderr}`;
}

/** Answers without the names of what they were read from, which may be others that hold the same. */
function withoutSources(answer: string): string {
  return answer.replaceAll(/"snapshots":\[[^\]]*\],?|"clusterId":"[^"]*"/g, '');
}

async function keysIn(dataDir: string): Promise<string> {
  return JSON.stringify(await storedKeys(join(dataDir, 'member/snap/db')));
}

const place = (dir: TempDir, container = 'store', role = ''): readonly string[] => [
  `--${role}storage-provider=Local`,
  `--${role}store-container=${dir.join(container)}`,
];
const key = (dir: TempDir): string => `--identity=${dir.join('key.txt')}`;

/** Each by what it does; `DIR` in their arguments is the scratch directory. */
export const sealedReaders: Readonly<Record<string, SealedReader>> = {
  restore: {
    args: ['restore', '--data-dir=DIR/data', '--restoration-temp-snapshots-dir=DIR/temp'],
    answer: (_, dir) => keysIn(dir.join('data')),
    leavesNo: 'data',
  },
  'restore to a revision of the older chain': {
    args: ['restore', '--to-revision=70', '--data-dir=DIR/data', '--restoration-temp-snapshots-dir=DIR/temp'],
    answer: (_, dir) => keysIn(dir.join('data')),
    leavesNo: 'data',
  },
  initialize: {
    args: ['initialize', '--data-dir=DIR/data', '--restoration-temp-snapshots-dir=DIR/temp'],
    answer: (_, dir) => keysIn(dir.join('data')),
    leavesNo: 'data',
  },
  get: { args: ['get', '-o', 'json', '/hot'] },
  'get of what only the full has': { args: ['get', '-o', 'json', '/registry/configmaps/ns2/cm-10'] },
  'get of an older state': { args: ['get', '-o', 'json', '--revision=75', '/registry/secrets/s-3'] },
  'ls of a prefix': { args: ['ls', '-o', 'json', '/registry/pods/'] },
  'ls of an older state': { args: ['ls', '-o', 'json', '--revision=60', '/registry/'] },
  history: { args: ['history', '-o', 'json', '/hot'] },
  diff: { args: ['diff', '-o', 'json', '60', '121'] },
  // The last line is a hash of all, also of where it was read.
  export: {
    args: ['export', '/registry/', '/hot'],
    answer: ({ stdout }) => Promise.resolve(stdout.split('\n').slice(0, -2).join('\n')),
  },
  compact: {
    args: ['compact', `--encrypt-to=${ageKey.recipient}`, '--restoration-temp-snapshots-dir=DIR/temp'],
    answer: (_, dir) => stateOf(dir, 'store'),
  },
  'copy as it is': {
    args: ['copy', '--storage-provider=Local', '--store-container=DIR/target'],
    answer: (_, dir) => stateOf(dir, 'target'),
  },
  'copy to a new key': {
    args: [
      ...['copy', `--encrypt-to=${ageKey.recipient}`],
      ...['--storage-provider=Local', '--store-container=DIR/target'],
    ],
    answer: (_, dir) => stateOf(dir, 'target'),
  },
  'verify --level=hash': { args: ['verify', '--level=hash'] },
  'verify --level=structure': { args: ['verify', '--level=structure'] },
  'verify --level=restore': { args: ['verify', '--level=restore', '--temp-dir=DIR'] },
  'fleet verify': { args: ['fleet', 'verify', '--level=hash', '--record=false', '--temp-dir=DIR'] },
};

/** Runs a reader on a store. Throws where it says what no reader may say, or leaves something after a refusal. */
export async function readSealed(reader: SealedReader, objects: readonly GoldenObject[]): Promise<Reading> {
  using dir = makeTempDir();
  for (const { key: name, bytes } of objects) {
    const file = dir.join('store', name);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, bytes);
  }
  writeFileSync(dir.join('key.txt'), ageKey.file, { mode: 0o600 });
  const role = reader.args[0] === 'copy' ? 'source-' : '';
  const args = [...reader.args.map((text) => text.replace('DIR', dir.path)), ...place(dir, 'store', role), key(dir)];
  const ended = await startInProcess([...args, '--log-format=text'], { HOME: dir.path }).ended;
  const { exitCode, stdout, stderr } = ended;
  const said = `${stdout}${stderr}`;
  assertOwnWords(said, said);
  assert.doesNotMatch(said, /is damaged[^\n]{0,80}damaged/, said);
  assert.ok(!said.includes('AGE-SECRET-KEY'), said);
  if (exitCode === 0) {
    const answer = await (reader.answer ?? (() => Promise.resolve(stdout)))(ended, dir);
    return { kind: 'answered', answer: withoutSources(answer.replaceAll(dir.path, 'DIR')) };
  }
  assert.equal(exitCode, 1, said);
  assert.match(stderr.trimEnd().split('\n').at(-1) ?? '', /^error: cannot [a-z]/, said);
  if (reader.leavesNo !== undefined) {
    assert.ok(!existsSync(dir.join(reader.leavesNo)), `${reader.leavesNo} is left: ${said}`);
  }
  const temporary = existsSync(dir.join('temp')) ? readdirSync(dir.join('temp')) : [];
  assert.deepEqual(temporary, [], said);
  return { kind: 'refused', stderr };
}
