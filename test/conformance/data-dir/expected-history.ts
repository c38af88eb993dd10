import assert from 'node:assert/strict';
import type { EtcdServer } from '../../../scripts/lab/etcd-server.ts';
import type { TempDir } from '../../../scripts/lab/temp-dir.ts';
import type { ReplayedChange } from '../../../src/datadir/replay/store-state.ts';
import type { DeltaEvent } from '../../../src/snapshot/delta-event.ts';
import { type ExpectedKey, type GoldenName, goldenDatabase, goldenExpected } from '../../support/datadir/golden.ts';
import { replayedKeys } from '../../support/datadir/replayed-keys.ts';
import { servedHash } from '../../support/datadir/served-keys.ts';
import { storedKeys } from '../../support/datadir/stored-keys.ts';
import { storedLeases } from '../../support/datadir/stored-leases.ts';
import { writeFileIn } from '../../support/datadir/write-file-in.ts';
import { goldenEvents } from '../../support/fixtures/golden-events.ts';
import { hashKv } from '../../support/replay/hash-kv.ts';

/** The write that the suite adds to what was restored. */
export const AFTER = { key: '/after/restore', value: 'written' } as const;

/** What an etcd must serve from a data directory. */
export interface ExpectedHistory {
  readonly revision: number;
  readonly keys: readonly ExpectedKey[];
  /** Every lease that exists. */
  readonly leases: readonly bigint[];
  /** History before this revision is gone; 0 when nothing was compacted. */
  readonly compactedTo: number;
  /** Compares HashKV, which is over all history that was not compacted. {@link AFTER} is the last write of `etcd`. */
  checkHash(etcd: EtcdServer): Promise<void>;
}

/**
 * The history of the golden backup `etcd-3.5/gzip` up to a revision. It is computed from the database in the full, as etcd
 * wrote it, and the events of the deltas: nothing of it comes from the data directory under test.
 */
export async function goldenHistory(
  dir: TempDir,
  { revision, compactedTo = 0 }: { readonly revision: number; readonly compactedTo?: number },
): Promise<ExpectedHistory> {
  const base = writeFileIn(dir, 'base.db', goldenDatabase('etcd-3.5/gzip'));
  const events = (await goldenEvents()).filter(({ modRevision }) => modRevision <= revision);
  const granted = events.map((event) => (event.type === 'put' ? event.lease : 0n));
  const leases = new Set([...(await storedLeases(base)).keys(), ...granted]);
  leases.delete(0n);
  return {
    revision,
    keys: replayedKeys(await storedKeys(base), events),
    leases: [...leases],
    compactedTo,
    checkHash: hashIncludingWrite(base, events, { revision, compactedTo }),
  };
}

/** The newest state of any golden backup, as the etcd that was backed up served it. */
export function newestGolden(name: GoldenName): ExpectedHistory {
  const { revision, keys, leases, compactRevision, hashKV } = goldenExpected(name);
  return {
    revision,
    keys,
    leases: leases.map(({ id }) => BigInt(id)),
    compactedTo: 0,
    checkHash: async (etcd) => {
      // The etcd that was backed up had compacted its history; the backup has all of it.
      await etcd.etcdctl('compact', '--physical', String(compactRevision)).catch((error: unknown) => {
        assert.match(String(error), /compacted/);
      });
      assert.equal(await servedHash(etcd, revision), hashKV);
    },
  };
}

/** The same history at a higher revision, with everything compacted; `db` is a copy of the one under test, as etcd changes that. */
export function bumped(
  history: ExpectedHistory,
  options: { readonly by: number; readonly db: string },
): ExpectedHistory {
  const revision = history.revision + options.by;
  return {
    ...history,
    revision,
    compactedTo: revision,
    checkHash: hashIncludingWrite(options.db, [], { revision, compactedTo: revision }),
  };
}

/** Compares after the write: at the revision of a compaction itself etcd 3.4 refuses to hash. */
function hashIncludingWrite(
  base: string,
  events: readonly DeltaEvent[],
  { revision, compactedTo }: { readonly revision: number; readonly compactedTo: number },
): ExpectedHistory['checkHash'] {
  return async (etcd) => {
    const wanted = await hashKv(base, [...changesOf(events), nextWrite(revision)], compactedTo);
    assert.equal(await servedHash(etcd, revision + 1), wanted);
  };
}

function nextWrite(revision: number): ReplayedChange {
  const value = Buffer.from(AFTER.value);
  return {
    kind: 'put',
    revision: revision + 1,
    sub: 0,
    key: AFTER.key,
    createRevision: revision + 1,
    version: 1,
    lease: 0n,
    value,
  };
}

/** Events of one transaction are numbered in their order. */
function changesOf(events: readonly DeltaEvent[]): readonly ReplayedChange[] {
  let revision = 0;
  let sub = 0;
  return events.map((event) => {
    sub = event.modRevision === revision ? sub + 1 : 0;
    revision = event.modRevision;
    const place = { revision, sub, key: Buffer.from(event.key).toString('latin1') };
    if (event.type === 'delete') {
      return { kind: 'delete', ...place };
    }
    const { createRevision, version, lease, value } = event;
    return { kind: 'put', ...place, createRevision, version, lease, value };
  });
}
