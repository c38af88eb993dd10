import { isDeepStrictEqual } from 'node:util';
import { makeTempDir } from '../../../scripts/lab/temp-dir.ts';
import { type GoldenObject, goldenObjects } from '../fixtures/golden-store.ts';
import { type Random, seededChoices } from '../fixtures/random.ts';
import { restoreVerdict } from './backup-verdict.ts';
import { frameOffsets, type MemberFile, memberSample, writeMember } from './member-sample.ts';
import { etcdVerdict, judge, ourVerdict } from './member-verdict.ts';
import { mutate } from './mutate.ts';

/** What can be damaged. */
export const MUTATION_TARGETS = ['db', 'wal', 'snap', 'full', 'delta'] as const;

/** One of them. */
export type MutationTarget = (typeof MUTATION_TARGETS)[number];

/** How a mutation ended well: it was reported, it changed nothing that is read, or a real etcd reads the same. */
export type Outcome = 'reported' | 'same' | 'agreed';

/** Mutations of one target that are tried one after the other. */
export interface MutationRun {
  readonly target: MutationTarget;
  readonly count: number;
  readonly seed: number;
  /** Called for each mutation that is neither reported nor read as it has to be. */
  readonly onFinding: (finding: string) => void;
}

/** The longest time of a single reading, ms. The slowest takes a fraction of a second on an idle machine. */
const READ_TIMEOUT_MS = 60_000;

const BACKUPS = ['etcd-3.5/gzip', 'etcd-3.5/none', 'etcd-3.5/zlib', 'etcd-3.5/lzw'] as const;

/** Tries them all and counts the outcomes. */
export async function runMutations(run: MutationRun): Promise<Readonly<Record<Outcome, number>>> {
  const counts = { reported: 0, same: 0, agreed: 0 };
  const attempt =
    run.target === 'full' || run.target === 'delta' ? backupAttempt(run.target) : await memberAttempt(run.target);
  for (let number = 0; number < run.count; number++) {
    const seed = run.seed * 1_000_003 + number;
    try {
      const { what, outcome } = await attempt(seededChoices(seed));
      if (outcome === 'reported' || outcome === 'same' || outcome === 'agreed') {
        counts[outcome]++;
      } else {
        run.onFinding(`${run.target} seed ${seed}: ${what}: ${outcome.finding}`);
      }
    } catch (error) {
      run.onFinding(`${run.target} seed ${seed}: ${error instanceof Error ? error.stack : String(error)}`);
    }
  }
  return counts;
}

interface Attempt {
  readonly what: string;
  readonly outcome: Outcome | { readonly finding: string };
}

async function memberAttempt(kind: MemberFile['kind']): Promise<(random: Random) => Promise<Attempt>> {
  const files = await memberSample(seededChoices(1));
  const release = await judge();
  const sound = await verdictOf(files, ({ dataDir, signal }) => ourVerdict(dataDir, release, signal));
  const foreign = [
    ...files.map(({ bytes }) => bytes),
    Buffer.alloc(5000),
    Buffer.from('{"kind":"something else"}\n'.repeat(300)),
  ];
  return async (random) => {
    const file = random.pick(files.filter((one) => one.kind === kind));
    const records = kind === 'wal' ? frameOffsets(file.bytes) : [];
    const { what, bytes } = mutate(
      { bytes: file.bytes, blockSize: kind === 'db' ? 4096 : 512, records, foreign },
      random,
    );
    const mutated = files.map((one) => (one === file ? { ...file, bytes } : one));
    const attempt = { what: `${file.name}: ${what}` };
    const ours = await verdictOf(mutated, ({ dataDir, signal }) => ourVerdict(dataDir, release, signal));
    if (ours.kind === 'damaged') {
      return { ...attempt, outcome: 'reported' };
    }
    if (isDeepStrictEqual(ours, sound)) {
      return { ...attempt, outcome: 'same' };
    }
    const theirs = await verdictOf(mutated, ({ dataDir }) => etcdVerdict(dataDir, release));
    return isDeepStrictEqual(ours, theirs)
      ? { ...attempt, outcome: 'agreed' }
      : {
          ...attempt,
          outcome: { finding: `we say ${JSON.stringify(ours)}, etcd says ${JSON.stringify(theirs).slice(-1500)}` },
        };
  };
}

async function verdictOf<T>(
  files: readonly MemberFile[],
  ask: (place: { readonly dataDir: string; readonly signal: AbortSignal }) => Promise<T>,
): Promise<T> {
  using temp = makeTempDir();
  const dataDir = temp.join('data');
  writeMember(dataDir, files);
  return await ask({ dataDir, signal: AbortSignal.timeout(READ_TIMEOUT_MS) });
}

function backupAttempt(kind: 'full' | 'delta'): (random: Random) => Promise<Attempt> {
  const sound = new Map<string, string>();
  return async (random) => {
    const backup = random.pick(BACKUPS);
    const objects = goldenObjects(backup);
    const isFull = ({ key }: GoldenObject): boolean => key.includes('/Full-');
    const object = random.pick(objects.filter((one) => isFull(one) === (kind === 'full')));
    const foreign = [
      ...objects.map(({ bytes }) => bytes),
      Buffer.alloc(5000),
      Buffer.from('[{"etcdEvent":{}}]'.repeat(300)),
    ];
    const { what, bytes } = mutate({ bytes: object.bytes, blockSize: 4096, records: [], foreign }, random);
    const mutated = objects.map((one) => (one === object ? { ...object, bytes } : one));
    const known = sound.get(backup) ?? (await contentsOf(objects));
    sound.set(backup, known);
    const verdict = await restoreVerdict(mutated, AbortSignal.timeout(READ_TIMEOUT_MS));
    const attempt = { what: `${backup} ${object.key}: ${what}` };
    if (verdict.kind === 'damaged') {
      return { ...attempt, outcome: 'reported' };
    }
    return {
      ...attempt,
      outcome: verdict.contents === known ? 'same' : { finding: 'it was restored to something else' },
    };
  };
}

async function contentsOf(objects: readonly GoldenObject[]): Promise<string> {
  const verdict = await restoreVerdict(objects, AbortSignal.timeout(READ_TIMEOUT_MS));
  if (verdict.kind === 'damaged') {
    throw new Error(`the undamaged backup is refused: ${verdict.reason}`);
  }
  return verdict.contents;
}
