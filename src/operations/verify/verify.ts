import { fileFailure } from '../../fs/file-failure.ts';
import type { Revision } from '../../revision.ts';
import type { RunContext } from '../../runtime/run-context.ts';
import { type Catalog, catalogOf } from '../../snapshot/catalog.ts';
import { restorable } from '../../snapshot/chain.ts';
import { knownHistories } from '../../snapshot/history/histories.ts';
import { revisionsAre } from '../../snapshot/revision-range-text.ts';
import { isTooSmall } from '../../snapshot/too-small.ts';
import type { SnapStore, StoredSnapshot } from '../../snapstore/snapstore.ts';
import { chooseHistory } from '../history/choose-history.ts';
import { otherHistoriesText } from '../history/other-histories.ts';
import { chooseDeltas } from '../restore/deltas/choose.ts';
import { deletedMeanwhile, findingsOfGone } from './deleted-meanwhile.ts';
import { examine, newestChain } from './examine.ts';
import { examineCompanions } from './examine-companions.ts';
import type { Finding } from './findings.ts';
import type { VerifyLevel, VerifyRequest } from './request.ts';
import { type TriedRestore, tryRestore } from './scratch-restore.ts';
import { findForks, otherHistories } from './verify-histories.ts';

export type { VerifyLevel, VerifyRequest };

/** How often it is begun at the most, where what is verified is replaced meanwhile. */
const mostAttempts = 3;

/** What a verification found. */
export interface VerifyResult {
  readonly location: string;
  readonly level: VerifyLevel;
  readonly findings: readonly Finding[];
  readonly chains: number;
  /** Whole snapshots in the store, and those of them that were read. */
  readonly objects: number;
  readonly read: number;
  /** Archives of files that belong to fulls. */
  readonly companions: number;
  /** The last revision by the names; undefined in an empty store. */
  readonly newestRevision: Revision | undefined;
  /** The last state that is proved, at this level, to be restorable; undefined when none is. */
  readonly provable: { readonly revision: Revision; readonly snapshots: readonly string[] } | undefined;
  /** The restore that was tried at level `restore`. */
  readonly restored: TriedRestore | undefined;
  /** Number of the history that was verified, and how many there are. */
  readonly history: number;
  readonly histories: number;
  /** Where else a state may be had, when this history is damaged; undefined without other histories. */
  readonly elsewhere: string | undefined;
  /** Whether what counts as one history is two. */
  readonly forked: boolean;
}

/**
 * Verifies the snapshots of a store. What is wrong with them is part of the result. Throws a StoreError when they cannot be read,
 * and a {@link Failure} when the scratch directory cannot be used.
 */
export async function verifyBackups(request: VerifyRequest, context: RunContext): Promise<VerifyResult> {
  try {
    return await verify(request, context, mostAttempts);
  } catch (error) {
    throw fileFailure(error, { action: 'expand snapshots in', object: request.tempDir, flag: '--temp-dir' }) ?? error;
  }
}

/** `attempts` are left where a new full takes the place of the newest chain while it is verified. */
async function verify(request: VerifyRequest, context: RunContext, attempts: number): Promise<VerifyResult> {
  const { store, level } = request;
  const listing = await store.list({ signal: context.signal });
  const { histories, history } = chooseHistory(listing, { number: request.history }, store.location);
  const catalog = catalogOf(history.snapshots);
  const whole = restorable(listing.snapshots);
  const examined = await examine({ request, catalog, whole }, context);
  const { bad, gone, sound, revisions } = examined;
  const newest = newestChain(catalog);
  const deleted = await deletedMeanwhile(gone, store, context);
  if (attempts > 1 && [...deleted].some((snapshot) => newest.has(snapshot))) {
    return await again(request, context, attempts);
  }
  const companions = await examineCompanions(request, context);
  const forks = await findForks(
    { request, history, markers: listing.markers, chains: catalog.chains, bad, revisions },
    context,
  );
  const usable = restorable(history.snapshots).filter(
    (each) => sound.has(each) || !(bad.has(each) || isTooSmall(each)),
  );
  const proof = forks.length > 0 ? undefined : prove(level === 'catalog' ? believed(usable) : usable, revisions);
  const findings = [
    ...examined.findings,
    ...findingsOfGone(gone, { deleted, newest }),
    ...emptyObjects(whole, request),
    ...aheadOfClock(listing.snapshots),
    ...forks,
    ...continuity(catalog),
    ...otherHistories(histories, history),
    ...companions.findings,
  ];
  const result = {
    location: store.location,
    level,
    findings: [...findings, ...leadsNowhere(findings, proof)],
    history: history.number,
    histories: knownHistories(histories).length,
    elsewhere: otherHistoriesText(
      knownHistories(histories).filter((each) => each !== history),
      { wanted: undefined },
    ),
    forked: forks.length > 0,
    companions: companions.count,
    chains: catalog.chains.length,
    objects: whole.length,
    read: examined.read,
    newestRevision: catalog.chains.at(-1)?.lastRevision,
    provable: proof?.provable,
    restored: undefined,
  };
  if (level !== 'restore' || proof === undefined) {
    return result;
  }
  const until = proof.complete ? undefined : proof.provable.revision;
  const restored = await tryRestore({ ...request, store: storeWithOnly(store, usable), until }, context);
  const isReplaced =
    restored.outcome === 'failed' && attempts > 1 && (await deletedMeanwhile(usable, store, context)).size > 0;
  if (isReplaced) {
    return await again(request, context, attempts);
  }
  return restored.outcome === 'failed'
    ? { ...result, findings: [...result.findings, restored.finding], provable: undefined }
    : { ...result, restored: restored.result };
}

async function again(request: VerifyRequest, context: RunContext, attempts: number): Promise<VerifyResult> {
  context.log.info(
    'The newest snapshots were deleted while they were verified, as after a new full; verifying what is there now',
  );
  return await verify(request, context, attempts - 1);
}

/** The last revision that the sound snapshots lead to; `complete` when no revision is missing before it. */
function prove(
  usable: readonly StoredSnapshot[],
  revisions: ReadonlyMap<StoredSnapshot, Revision>,
): { readonly provable: NonNullable<VerifyResult['provable']>; readonly complete: boolean } | undefined {
  const base = usable.findLast(({ kind }) => kind === 'Full');
  if (base === undefined) {
    return undefined;
  }
  const candidates = usable.slice(usable.indexOf(base) + 1);
  const covered = revisions.get(base) ?? base.lastRevision;
  const { deltas, lastRevision, missing } = chooseDeltas({ base, candidates }, { covered, until: undefined });
  const snapshots = [base, ...deltas].map(({ name }) => name);
  return { provable: { revision: lastRevision, snapshots }, complete: missing === undefined };
}

/** Whatever the reason is: a store of which no state is proved is not a sound one. */
function leadsNowhere(findings: readonly Finding[], proof: ReturnType<typeof prove>): readonly Finding[] {
  const isKnown = proof !== undefined || findings.some(({ weight }) => weight === 'problem');
  return isKnown ? [] : [{ weight: 'problem', snapshot: undefined, text: 'nothing in the store leads to a state' }];
}

/** Where nothing is read, a name that cannot be true proves nothing, as long as there is another one. */
function believed(usable: readonly StoredSnapshot[]): readonly StoredSnapshot[] {
  const credible = usable.filter(({ ahead }) => ahead === undefined || ahead.before !== undefined);
  return credible.some(({ kind }) => kind === 'Full') ? credible : usable;
}

function aheadOfClock(snapshots: readonly StoredSnapshot[]): readonly Finding[] {
  return snapshots
    .filter(({ ahead, chunk }) => ahead !== undefined && chunk === undefined)
    .map(({ name, excluded }) => ({
      weight: 'note',
      snapshot: name,
      text: `it is named for a time that has not come yet: a clock was wrong, or the name is forged${excluded === true ? '; other snapshots hold the same, and it is not used' : ''}`,
    }));
}

/** Where nothing is read, sizes still show that an object is no snapshot. */
function emptyObjects(whole: readonly StoredSnapshot[], { level }: VerifyRequest): readonly Finding[] {
  return level === 'catalog'
    ? whole
        .filter(isTooSmall)
        .map(({ name, size }) => ({ weight: 'problem', snapshot: name, text: `it has only ${size} bytes` }))
    : [];
}

/** A hole in the newest chain is a problem; older chains lose their deltas to garbage collection, oldest first. */
function continuity({ chains }: Catalog<StoredSnapshot>): readonly Finding[] {
  if (chains.length === 0) {
    return [{ weight: 'problem', snapshot: undefined, text: 'the store holds no snapshot' }];
  }
  return chains.flatMap(({ base, missing, beyond, notes }, at) => {
    const weight = at === chains.length - 1 ? 'problem' : 'note';
    const overlaps = notes
      .filter((note) => note.kind === 'overlap')
      .map(
        ({ delta, with: other }): Finding => ({
          weight: 'note',
          snapshot: delta.name,
          text:
            other === 'base'
              ? 'it reaches across the end of its full, which is sound'
              : 'it holds revisions of an earlier delta, too: two snapshotters wrote here',
        }),
      );
    const what = base === undefined ? 'no full snapshot precedes it' : undefined;
    return missing === undefined
      ? overlaps
      : [
          ...overlaps,
          {
            weight,
            snapshot: beyond[0]?.name,
            text: what ?? `${revisionsAre(missing)} missing before it`,
          },
        ];
  });
}

/** The store as if it held nothing but these. */
function storeWithOnly(store: SnapStore, snapshots: readonly StoredSnapshot[]): SnapStore {
  return {
    traits: store.traits,
    location: store.location,
    list: () => Promise.resolve({ snapshots, markers: [], ignored: [] }),
    fetch: (snapshot, options) => store.fetch(snapshot, options),
    save: (snapshot, body, options) => store.save(snapshot, body, options),
    delete: (snapshot, options) => store.delete(snapshot, options),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}
