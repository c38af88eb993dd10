import type { RunContext } from '../../runtime/run-context.ts';
import { storeRoot } from '../../snapstore/backups/store-root.ts';
import { listingOf } from '../../snapstore/fleet/listed-prefix.ts';
import type { PrefixObjects } from '../../snapstore/fleet/prefix-groups.ts';
import { ResultObjects } from '../../snapstore/fleet/result-objects.ts';
import type { FoundPrefix } from '../../snapstore/fleet/walk-folders.ts';
import { StoreError } from '../../snapstore/store-error.ts';
import { assessPrefix } from './assess-prefix.ts';
import { compareText, findPrefixes, groupedListing, objectsOf, type Search } from './find-prefixes.ts';
import { refuseAbsent } from './fleet-failure.ts';
import type { FleetReport } from './fleet-report.ts';
import { forEachPrefix } from './for-each-prefix.ts';
import { mergeResults } from './merged-results.ts';
import { type PrefixReport, reportOn, unreadable } from './prefix-report.ts';
import { quietLog } from './quiet-log.ts';
import type { FleetRequest } from './request.ts';
import { shardOf } from './shard-of.ts';
import { shareOfWork } from './share-of-work.ts';

/** Prefixes whose objects are listed at once. */
const listedAtOnce = 16;

/**
 * Finds the clusters that are backed up below a prefix of a container, and what names say of each. One that cannot be read is
 * part of the result. Throws a StoreError when the container cannot be listed, and a Failure when it holds too much.
 */
export async function listFleet(request: FleetRequest, context: RunContext): Promise<FleetReport> {
  const { store, glob, shard, thresholds } = request;
  const { bucket } = store;
  const root = storeRoot(request.prefix, bucket.location);
  const search: Search = { bucket, root, glob };
  const { proofs, lastRun } = await mergeResults(new ResultObjects(bucket, { root, upload: store.upload }), context);
  // A share of the work is found by folders: a listing of everything would be the whole work.
  const found =
    bucket.traits.listsByFolder === true && shard === undefined
      ? await fromOneListing(search, request, context)
      : await folderByFolder(search, request, context);
  const now = context.clock.now();
  const location = `${bucket.location}/${root}`.replace(/\/$/, '');
  if (found.size === 0) {
    await refuseAbsent(bucket, location, { signal: context.signal });
  }
  return {
    location,
    at: now,
    prefixes: [...found.values()]
      .map((each) => assessPrefix(each, { verified: proofs.get(each.prefix) ?? [], thresholds, now }))
      .sort((a, b) => compareText(a.prefix, b.prefix)),
    shard,
    lastRun,
  };
}

async function fromOneListing(
  search: Search,
  request: FleetRequest,
  context: RunContext,
): Promise<ReadonlyMap<string, PrefixReport>> {
  const found = new Map<string, PrefixReport>();
  for await (const group of groupedListing(search, context)) {
    found.set(group.prefix, await reportGroup(group, request, context));
  }
  return found;
}

async function folderByFolder(
  search: Search,
  request: FleetRequest,
  context: RunContext,
): Promise<ReadonlyMap<string, PrefixReport>> {
  const { prefixes, refused } = await findPrefixes(search, context);
  const found = new Map<string, PrefixReport>();
  for (const { folder, error } of refused) {
    if (isReportedBy(folder, request)) {
      found.set(folder, unreadable(folder, error.message));
    }
  }
  const share = shareOfWork(
    prefixes.map(({ prefix }) => prefix),
    request.shard,
  );
  const own = prefixes.filter(({ prefix }) => share.has(prefix));
  await forEachPrefix(
    own,
    { label: 'listing clusters', atOnce: listedAtOnce },
    async (prefix, inner) => {
      for (const report of await reportPrefix(prefix, request, inner)) {
        found.set(report.prefix, report);
      }
    },
    { context, onRefused: ({ prefix }, error) => found.set(prefix, unreadable(prefix, error.message)) },
  );
  return found;
}

/** Whether a folder that could not be looked into is reported with the share of the work that was asked for. */
export function isReportedBy(folder: string, { shard }: Pick<FleetRequest, 'shard'>): boolean {
  return shard === undefined || shardOf(folder, shard.count) === shard.index;
}

/** Lists a prefix by itself. Nothing is a backup in it: no report. */
async function reportPrefix(
  prefix: FoundPrefix,
  request: FleetRequest,
  context: RunContext,
): Promise<readonly PrefixReport[]> {
  const reports: PrefixReport[] = [];
  for (const group of await objectsOf(request.store.bucket, prefix, context)) {
    reports.push(await reportGroup(group, request, context));
  }
  return reports;
}

async function reportGroup(group: PrefixObjects, { store }: FleetRequest, context: RunContext): Promise<PrefixReport> {
  const { prefix } = group;
  if (group.isCut) {
    return unreadable(prefix, 'it has more objects than are looked at here; see etcdbrctl list');
  }
  const upload = { ...store.upload, log: quietLog(store.upload.log) };
  try {
    return reportOn(group, await listingOf(store.bucket, group, { upload, signal: context.signal }));
  } catch (error) {
    context.signal.throwIfAborted();
    if (error instanceof StoreError && error.kind !== 'gone') {
      return unreadable(prefix, error.message);
    }
    throw error;
  }
}
