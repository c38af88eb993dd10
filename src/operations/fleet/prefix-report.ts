import type { Revision } from '../../revision.ts';
import { takenOn } from '../../snapshot/ahead-of-clock.ts';
import { type Catalog, catalogOf } from '../../snapshot/catalog.ts';
import type { RevisionRange } from '../../snapshot/cover.ts';
import { knownHistories } from '../../snapshot/history/histories.ts';
import { revisionsAre } from '../../snapshot/revision-range-text.ts';
import { isTooSmall } from '../../snapshot/too-small.ts';
import type { PrefixObjects } from '../../snapstore/fleet/prefix-groups.ts';
import type { StoredSnapshot, StoreListing } from '../../snapstore/snapstore.ts';
import { chooseHistory } from '../history/choose-history.ts';
import { doubtText } from '../history/fork-failure.ts';
import { growthPerDay } from './growth.ts';
import type { LastProof } from './last-proof.ts';

/** What is wrong with the backups below a prefix. */
export type ComplaintKind = 'unreadable' | 'damaged' | 'broken' | 'forked' | 'stale' | 'unproved';

/** One thing that is wrong: `text` is a sentence without its full stop. */
export interface Complaint {
  readonly kind: ComplaintKind;
  readonly text: string;
}

/** The newest state that can be restored, as far as names say. */
export interface NewestState {
  readonly revision: Revision;
  /** When the last snapshot that leads there was taken, whole seconds since the epoch; undefined when nothing says it. */
  readonly takenOn: number | undefined;
  /** Snapshots of its chain, and their bytes as stored. */
  readonly snapshots: number;
  readonly bytes: number;
}

/** What is known of the backups below one prefix. */
export interface PrefixReport {
  /** Without a slash at its end; empty for the top of the container. */
  readonly prefix: string;
  readonly newest: NewestState | undefined;
  /** The first revisions that are missing in the newest chain. */
  readonly gap: RevisionRange | undefined;
  /** Deltas of the newest chain that hold revisions which others hold, too: two snapshotters wrote. */
  readonly concurrentWriters: number;
  readonly histories: number;
  /** All whole snapshots, and the bytes of all that is stored with them. */
  readonly snapshots: number;
  readonly bytes: number;
  /** Bytes a day by which fulls have grown; undefined when too little is known. */
  readonly growthPerDay: number | undefined;
  /** What its proofs say together. */
  readonly proof: LastProof | undefined;
  /** Those of its sidecar that count, without their problems. */
  readonly proofs: readonly LastProof[];
  readonly complaints: readonly Complaint[];
}

/** What the names in a listing say about a prefix. Reads no object. */
export function reportOn(
  { prefix, proofs }: Pick<PrefixObjects, 'prefix' | 'proofs'>,
  listing: StoreListing,
): PrefixReport {
  const { histories, history } = chooseHistory(listing, {}, prefix);
  const catalog = catalogOf(history.snapshots);
  const credible = history.snapshots.filter(isBelieved);
  const believed = credible.length === history.snapshots.length ? catalog : catalogOf(credible);
  const newest = catalog.chains.at(-1);
  const whole = listing.snapshots.filter(({ chunk }) => chunk === undefined);
  const [suspected] = histories.suspected;
  const forked: readonly Complaint[] =
    suspected === undefined || history !== histories.living ? [] : [{ kind: 'forked', text: doubtText(suspected) }];
  return {
    prefix,
    newest: newestState(believed),
    gap: newest?.missing,
    concurrentWriters: newest?.overlapping.length ?? 0,
    histories: knownHistories(histories).length,
    snapshots: whole.length,
    bytes: sizeOf(listing.snapshots),
    growthPerDay: growthPerDay(credible),
    proof: undefined,
    proofs: proofs.map((each) => ({ ...each, problems: [] })),
    complaints: [...brokenBy(catalog), ...forked],
  };
}

/** The report of a prefix that could not be read, with the reason. */
export function unreadable(prefix: string, text: string): PrefixReport {
  return {
    prefix,
    newest: undefined,
    gap: undefined,
    concurrentWriters: 0,
    histories: 0,
    snapshots: 0,
    bytes: 0,
    growthPerDay: undefined,
    proof: undefined,
    proofs: [],
    complaints: [{ kind: 'unreadable', text }],
  };
}

/** A name that cannot be true proves nothing, and neither does an object that is none. */
function isBelieved(snapshot: StoredSnapshot): boolean {
  const { ahead } = snapshot;
  return (ahead === undefined || ahead.before !== undefined) && !isTooSmall(snapshot);
}

function newestState({ chains }: Catalog<StoredSnapshot>): NewestState | undefined {
  const chain = chains.findLast(({ base }) => base !== undefined);
  if (chain?.base === undefined || chain.lastRevision === undefined) {
    return undefined;
  }
  const beyond = new Set(chain.beyond);
  const used = [chain.base, ...chain.deltas.filter((delta) => !beyond.has(delta))];
  const times = used.filter(({ ahead }) => ahead === undefined || ahead.before !== undefined).map(takenOn);
  return {
    revision: chain.lastRevision,
    takenOn: times.length === 0 ? undefined : times.reduce((latest, each) => Math.max(latest, each), 0),
    snapshots: used.length,
    bytes: sizeOf(used),
  };
}

function brokenBy({ chains }: Catalog<StoredSnapshot>): readonly Complaint[] {
  const newest = chains.at(-1);
  if (newest === undefined) {
    return [{ kind: 'broken', text: 'it holds no snapshot that can be used' }];
  }
  const { base, deltas, missing } = newest;
  if (base === undefined) {
    return [{ kind: 'broken', text: 'no full snapshot is left of its newest history' }];
  }
  const empty = [base, ...deltas].find(isTooSmall);
  return [
    ...(missing === undefined
      ? []
      : [{ kind: 'broken', text: `${revisionsAre(missing)} missing in its newest chain` } as const]),
    ...(empty === undefined ? [] : [{ kind: 'broken', text: `${empty.name} has only ${empty.size} bytes` } as const]),
  ];
}

function sizeOf(snapshots: readonly { readonly size: number }[]): number {
  return snapshots.reduce((sum, { size }) => sum + size, 0);
}
