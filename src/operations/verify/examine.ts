import type { Revision } from '../../revision.ts';
import { runTaskGroup } from '../../runtime/async/task-group.ts';
import type { RunContext } from '../../runtime/run-context.ts';
import type { Catalog } from '../../snapshot/catalog.ts';
import type { StoredSnapshot } from '../../snapstore/snapstore.ts';
import { StoreError } from '../../snapstore/store-error.ts';
import { checkSnapshot } from './check-snapshot.ts';
import { type Finding, findingOf, isRefusal } from './findings.ts';
import type { VerifyRequest } from './request.ts';

/** A store that does not answer for so many objects in a row answers for none. */
const mostUnanswered = 3;

/** What reading the snapshots of a store showed. */
export interface Examination {
  readonly findings: Finding[];
  readonly bad: Set<StoredSnapshot>;
  /** Those of them that were listed, and were not there when they were to be read; no finding is about them. */
  readonly gone: Set<StoredSnapshot>;
  /** Those that were read and are sound, whatever the listing says of them. */
  readonly sound: Set<StoredSnapshot>;
  /** Last revisions by the contents, of the snapshots that were read. */
  readonly revisions: Map<StoredSnapshot, Revision>;
  read: number;
}

/**
 * Reads the snapshots of the newest chain, and all or a sample of the others. What is damaged, or refused by the store, is part
 * of the result; throws a StoreError when the store is gone, or answers for nothing, or lets us read none, and errors of files as they are.
 */
export async function examine(
  work: {
    readonly request: VerifyRequest;
    readonly catalog: Catalog<StoredSnapshot>;
    readonly whole: readonly StoredSnapshot[];
  },
  context: RunContext,
): Promise<Examination> {
  const { request, catalog, whole } = work;
  const examination: Examination = {
    findings: [],
    bad: new Set(),
    gone: new Set(),
    sound: new Set(),
    revisions: new Map(),
    read: 0,
  };
  if (request.level === 'catalog') {
    return examination;
  }
  const chosen = choose(whole, catalog, request.sample);
  const total = chosen.reduce((sum, { size }) => sum + size, 0);
  using bar = context.progress.start({ label: 'verify', unit: 'bytes', total });
  const level = request.level === 'hash' ? 'hash' : 'structure';
  const newest = newestChain(catalog);
  let unanswered = 0;
  const refused: StoreError[] = [];
  const examineOne = async (snapshot: StoredSnapshot, signal: AbortSignal): Promise<void> => {
    let counted = 0;
    const onRead = (bytes: number): void => {
      // What is read once more counts once.
      const step = Math.min(bytes, snapshot.size - counted);
      counted += step;
      bar.advance(step);
    };
    try {
      const facts = await checkSnapshot({ ...request, snapshot, level, onRead }, { ...context, signal });
      unanswered = 0;
      if (facts.lastRevision !== undefined) {
        examination.revisions.set(snapshot, facts.lastRevision);
      }
      if (facts.problem === undefined) {
        examination.sound.add(snapshot);
      } else {
        examination.bad.add(snapshot);
        examination.findings.push({ weight: 'problem', snapshot: snapshot.name, text: facts.problem });
      }
    } catch (error) {
      const finding = findingOf(error, snapshot);
      signal.throwIfAborted();
      unanswered = isUnanswered(error) ? unanswered + 1 : 0;
      if (finding === undefined || unanswered === mostUnanswered) {
        throw error;
      }
      if (isRefusal(error)) {
        refused.push(error);
      }
      examination.bad.add(snapshot);
      if (error instanceof StoreError && error.kind === 'not_found') {
        examination.gone.add(snapshot);
        return;
      }
      // Older objects may have been encrypted to keys that are not in use any more.
      const isNeeded = finding.unopened !== true || newest.has(snapshot);
      examination.findings.push(isNeeded ? finding : { ...finding, weight: 'note' });
    }
    examination.read++;
    bar.advance(snapshot.size - counted);
  };
  // One database at a time, as each may fill the scratch directory; deltas are small.
  await forEach(
    chosen.filter(({ kind }) => kind === 'Full'),
    { workers: 1, act: examineOne },
    context.signal,
  );
  const workers = request.maxFetchers;
  await forEach(
    chosen.filter(({ kind }) => kind === 'Incr'),
    { workers, act: examineOne },
    context.signal,
  );
  const [refusal] = refused;
  if (refusal !== undefined && refused.length === chosen.length) {
    // It says something about the store or our rights, and nothing about the snapshots.
    throw refusal;
  }
  return examination;
}

function isUnanswered(error: unknown): boolean {
  return error instanceof StoreError && error.kind === 'transient';
}

/** The snapshots of the chain that a restore of the newest state uses. */
export function newestChain({ chains }: Catalog<StoredSnapshot>): ReadonlySet<StoredSnapshot | undefined> {
  const newest = chains.at(-1);
  return new Set([newest?.base, ...(newest?.deltas ?? [])]);
}

/** The newest chain, and all or some of the others. */
function choose(
  whole: readonly StoredSnapshot[],
  catalog: Catalog<StoredSnapshot>,
  sample: number | undefined,
): readonly StoredSnapshot[] {
  const needed = newestChain(catalog);
  const others = whole.filter((snapshot) => !needed.has(snapshot));
  const drawn = new Set<StoredSnapshot>(sample === undefined ? others : draw(others, sample));
  return whole.filter((snapshot) => needed.has(snapshot) || drawn.has(snapshot));
}

function draw(from: readonly StoredSnapshot[], count: number): readonly StoredSnapshot[] {
  return from
    .map((snapshot) => ({ snapshot, order: Math.random() }))
    .toSorted((a, b) => a.order - b.order)
    .slice(0, count)
    .map(({ snapshot }) => snapshot);
}

async function forEach(
  snapshots: readonly StoredSnapshot[],
  how: { readonly workers: number; act(snapshot: StoredSnapshot, signal: AbortSignal): Promise<void> },
  signal: AbortSignal,
): Promise<void> {
  const queue = snapshots.values();
  const worker = async (stop: AbortSignal): Promise<void> => {
    for (const snapshot of queue) {
      await how.act(snapshot, stop);
    }
  };
  await runTaskGroup(
    Array.from({ length: Math.min(how.workers, snapshots.length) }, () => worker),
    signal,
  );
  // A group that was stopped does not fail by itself; what was not read proves nothing.
  signal.throwIfAborted();
}
