import { fileFailure } from '../../fs/file-failure.ts';
import { createTemporaryDirectory } from '../../fs/temporary-directory.ts';
import { countText } from '../../runtime/log/amount.ts';
import type { RunContext } from '../../runtime/run-context.ts';
import type { Identities } from '../../snapshot/encryption/identities.ts';
import { BackupStore } from '../../snapstore/backups/backup-store.ts';
import { storeRoot } from '../../snapstore/backups/store-root.ts';
import { listingOf } from '../../snapstore/fleet/listed-prefix.ts';
import type { PrefixObjects } from '../../snapstore/fleet/prefix-groups.ts';
import { ResultObjects } from '../../snapstore/fleet/result-objects.ts';
import type { SnapStore, StoreListing } from '../../snapstore/snapstore.ts';
import type { VerifyLevel } from '../verify/request.ts';
import { type VerifyResult, verifyBackups } from '../verify/verify.ts';
import { assessPrefix } from './assess-prefix.ts';
import { belowRoot, compareText, type FoundPrefixes, findPrefixes, objectsOf, type Search } from './find-prefixes.ts';
import { nothingFound, refuseAbsent } from './fleet-failure.ts';
import type { FleetReport } from './fleet-report.ts';
import { forEachPrefix } from './for-each-prefix.ts';
import { knownProofs } from './known-proofs.ts';
import { type LastProof, proofOf } from './last-proof.ts';
import { isReportedBy } from './list-fleet.ts';
import { type PrefixReport, reportOn, unreadable } from './prefix-report.ts';
import { quietLog } from './quiet-log.ts';
import { earlierProofs, recordResult } from './record-result.ts';
import type { FleetRequest } from './request.ts';
import { mayBeOfShare, shareOfWork } from './share-of-work.ts';

/** How the clusters of a fleet are verified. */
export interface FleetVerification extends FleetRequest {
  readonly level: VerifyLevel;
  readonly sample: number | undefined;
  readonly tempDir: string;
  readonly maxFetchers: number;
  /** What opens encrypted objects; nothing when left out. */
  readonly identities?: Identities | undefined;
  /** Prefixes at once; each may need room for a whole database. */
  readonly atOnce: number;
  /** Name of the run that this is a share of; undefined for the day. */
  readonly run: string | undefined;
  /** Whether the result is written into the store. */
  readonly record: boolean;
}

/**
 * Verifies the backups of every cluster of the share, and then writes what was proved into the store, all or nothing. What is wrong
 * with a cluster is part of the result. Throws a StoreError when the store answers for nothing or takes no result, and a
 * Failure when the scratch directory cannot be used.
 */
export async function verifyFleet(request: FleetVerification, context: RunContext): Promise<FleetReport> {
  const { store, shard, thresholds, run } = request;
  const { bucket } = store;
  const root = storeRoot(request.prefix, bucket.location);
  const startedOn = seconds(context);
  await refuseUnusableScratch(request);
  const { prefixes, refused } = await findPrefixes({ bucket, root, glob: request.glob }, context);
  const location = `${bucket.location}/${root}`.replace(/\/$/, '');
  if (prefixes.length + refused.length === 0) {
    // Nothing is written where nothing is: the container may be mistyped.
    await refuseAbsent(bucket, location, { signal: context.signal });
    throw nothingFound(location);
  }
  const share = shareOfWork(
    prefixes.map(({ prefix }) => prefix),
    shard,
  );
  const own = prefixes.filter(({ prefix }) => share.has(prefix));
  const reports = new Map<string, PrefixReport>();
  const proved = new Map<string, LastProof>();
  for (const { folder, error } of refused.filter((each) => isReportedBy(each.folder, request))) {
    reports.set(folder, unreadable(folder, error.message));
  }
  await forEachPrefix(
    own,
    { label: 'fleet verify', atOnce: request.atOnce },
    async (prefix, inner) => {
      for (const group of await objectsOf(bucket, prefix, inner)) {
        const { report, proof } = await verifyGroup(group, request, inner);
        reports.set(report.prefix, report);
        if (proof !== undefined) {
          proved.set(report.prefix, proof);
        }
      }
    },
    { context, onRefused: ({ prefix }, error) => reports.set(prefix, unreadable(prefix, error.message)) },
  );
  const objects = new ResultObjects(bucket, { root, upload: store.upload });
  const earlier = await earlierProofs(objects, shard, context);
  const isGone = goneFrom({ root, glob: request.glob }, { prefixes, refused });
  const known = knownProofs(
    { proved, earlier: earlier.proofs },
    { isStillMeant: (prefix) => mayBeOfShare(prefix, shard) && !isGone(prefix), seconds: seconds(context) },
  );
  if (request.record) {
    const ended = { startedOn, run, shard, known, reports: [...reports.values()], hasEarlier: earlier.isAll };
    await recordResult(objects, ended, context);
  }
  const now = context.clock.now();
  return {
    location,
    at: now,
    prefixes: [...reports.values()]
      .map((each) => assessPrefix(each, { verified: known.get(each.prefix) ?? [], thresholds, now }))
      .sort((a, b) => compareText(a.prefix, b.prefix)),
    shard,
    lastRun: undefined,
  };
}

/** A scratch directory that cannot be used is no fault of the clusters: without it none could be verified. */
async function refuseUnusableScratch({ level, tempDir }: FleetVerification): Promise<void> {
  if (level === 'catalog' || level === 'hash') {
    return;
  }
  try {
    await using _scratch = await createTemporaryDirectory(tempDir, 'verify');
  } catch (error) {
    throw fileFailure(error, { action: 'expand snapshots in', object: tempDir, flag: '--temp-dir' }) ?? error;
  }
}

/** Whether a prefix was looked for and is not there. */
function goneFrom(
  { root, glob }: Pick<Search, 'root' | 'glob'>,
  { prefixes, refused }: FoundPrefixes,
): (prefix: string) => boolean {
  const seen = new Set([...prefixes.map(({ prefix }) => prefix), ...refused.map(({ folder }) => folder)]);
  return (prefix) => {
    const parts = prefix.split('/');
    // What is in a folder of backups is found with these.
    const isSeen = seen.has('') || parts.some((_, at) => seen.has(parts.slice(0, at + 1).join('/')));
    return !isSeen && glob.matches(belowRoot(prefix, root));
  };
}

async function verifyGroup(
  group: PrefixObjects,
  request: FleetVerification,
  context: RunContext,
): Promise<{ readonly report: PrefixReport; readonly proof: LastProof | undefined }> {
  const { prefix } = group;
  if (group.isCut) {
    return { report: unreadable(prefix, 'it has more objects than are looked at here'), proof: undefined };
  }
  const log = quietLog(context.log);
  const { bucket } = request.store;
  const upload = { ...request.store.upload, log };
  const listing = await listingOf(bucket, group, { upload, signal: context.signal });
  const { level, sample, tempDir, maxFetchers, identities } = request;
  const opened = new BackupStore({ bucket, prefix, upload, log, identities });
  const store = withListing(opened, { ...listing, companions: group.companions });
  const result = await verifyBackups({ store, level, sample, tempDir, maxFetchers }, { ...context, log });
  const report = reportOn(group, listing);
  const closed = closedText(result);
  return closed === undefined
    ? { report, proof: proofOf(result, seconds(context)) }
    : {
        report: { ...report, complaints: [...report.complaints, { kind: 'unproved', text: closed }] },
        proof: undefined,
      };
}

/** The sentence about backups of which nothing is known because they are encrypted: that is neither damage nor a proof. */
function closedText({ findings }: VerifyResult): string | undefined {
  const problems = findings.filter(({ weight }) => weight === 'problem');
  return problems.length > 0 && problems.every(({ unopened }) => unopened === true)
    ? `its newest chain was not looked into: ${countText(problems.length, 'object')} of it ${problems.length === 1 ? 'is' : 'are'} encrypted, and no identity that was given opens ${problems.length === 1 ? 'it' : 'them'}`
    : undefined;
}

/** The store whose first listing is there already; what is asked for later is what it holds then. The caller closes the bucket. */
function withListing(
  store: BackupStore,
  { companions, ...listing }: StoreListing & { readonly companions: number },
): SnapStore {
  let known: StoreListing | undefined = listing;
  return {
    traits: store.traits,
    location: store.location,
    // A listing of none costs as much as one of many.
    ...(companions > 0 && { companions: store.companions }),
    list: async (options) => {
      const first = known;
      known = undefined;
      return first ?? (await store.list(options));
    },
    fetch: (snapshot, options) => store.fetch(snapshot, options),
    save: (snapshot, body, options) => store.save(snapshot, body, options),
    delete: (snapshot, options) => store.delete(snapshot, options),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

function seconds({ clock }: Pick<RunContext, 'clock'>): number {
  return Math.floor(clock.now() / 1_000);
}
