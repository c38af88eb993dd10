import { readFileSync } from 'node:fs';
import { makeTempDir } from '../../../scripts/lab/temp-dir.ts';
import { restore } from '../../../src/operations/restore/restore.ts';
import type { DeltaEvent } from '../../../src/snapshot/delta-event.ts';
import { encrypt } from '../../../src/snapshot/encryption/encrypt.ts';
import { BackupStore } from '../../../src/snapstore/backups/backup-store.ts';
import { jumpingClock } from '../clock/jumping-clock.ts';
import { RecordedLog } from '../context/recorded-log.ts';
import { recordedContext } from '../context/run-context.ts';
import { ageKeys } from '../fixtures/age-keys.ts';
import { collected, inPieces } from '../fixtures/byte-streams.ts';
import { goldenEvents } from '../fixtures/golden-events.ts';
import { type GoldenObject, goldenObjects } from '../fixtures/golden-store.ts';
import { indexedFull } from '../fixtures/indexed-full.ts';
import { restoreRequest } from '../fixtures/restore-request.ts';
import { storeDelta } from '../fixtures/stored-delta.ts';
import { memoryBucket } from '../stores/memory-bucket.ts';
import { memorySnapStore } from '../stores/memory-snapstore.ts';

/** The last revision of each object: two chains, the newest of which ends with a delta that is not encrypted. */
const OLD_FULL = 58;
const NEW_FULL = 89;
const FIRST_DELTA = 105;
const LAST_ENCRYPTED = 119;

const TAKEN = 1_795_251_532;

/** The golden backup `etcd-3.5/gzip` as two chains, gzip and zstd, encrypted and with indexes but for the last delta. */
export async function encryptedChains(): Promise<readonly GoldenObject[]> {
  const { recipients } = await ageKeys();
  const events = await goldenEvents();
  const between = (first: number, last: number): readonly DeltaEvent[] =>
    events.filter(({ modRevision }) => modRevision > first && modRevision <= last);
  const bucket = memoryBucket();
  const log = new RecordedLog();
  const upload = { parallel: 1, minChunkSize: 1, clock: jumpingClock(), log };
  const store = new BackupStore({ bucket, prefix: '', upload, log });
  await storeDelta(store, between(OLD_FULL, NEW_FULL), TAKEN + 2, { recipients });
  // Two of one kind, which may change places.
  await storeDelta(store, between(NEW_FULL, FIRST_DELTA), TAKEN + 6, { recipients, compression: 'zstd' });
  await storeDelta(store, between(FIRST_DELTA, LAST_ENCRYPTED), TAKEN + 7, { recipients, compression: 'zstd' });
  await storeDelta(store, between(LAST_ENCRYPTED, Number.POSITIVE_INFINITY), TAKEN + 8);
  const deltas = [...bucket.objects].map(([key, { bytes }]) => ({ key, bytes: Buffer.from(bytes) }));
  const sealed = async (key: string, bytes: Buffer): Promise<GoldenObject> => ({
    key: `${key}.age`,
    bytes: await collected(encrypt(inPieces(bytes, 100_000), recipients)),
  });
  const golden = goldenObjects('etcd-3.5/gzip');
  const old = await indexedFull(await databaseOf(golden.slice(0, 1)), 'gzip');
  const newer = await indexedFull(await databaseOf(golden.slice(0, 2)), 'zstd');
  return [
    await sealed(`v2/Full-00000000-000000${OLD_FULL}-${TAKEN}.gz`, old.bytes),
    await sealed(`v2/Full-00000000-000000${NEW_FULL}-${TAKEN + 4}.zst`, newer.bytes),
    ...deltas,
  ];
}

/** What a restore makes of a backup. */
async function databaseOf(objects: readonly GoldenObject[]): Promise<Buffer> {
  using dir = makeTempDir();
  await restore(restoreRequest(dir, { store: memorySnapStore(objects) }), recordedContext());
  return readFileSync(dir.join('data/member/snap/db'));
}
