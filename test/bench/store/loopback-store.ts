/**
 * A loopback S3 in a process of its own, so that it does not share a core with what is measured. Takes a {@link LoopbackTask} as
 * JSON on the command line, prints its address, and serves until it is ended. It forgets what is uploaded.
 */
import { createHash } from 'node:crypto';
import { seededBytes } from '../../support/fixtures/byte-streams.ts';
import { goldenObjects } from '../../support/fixtures/golden-store.ts';
import { Bandwidth } from '../../support/servers/bandwidth.ts';
import { startS3Server } from '../../support/servers/s3-server.ts';

/** What the server holds from the start. */
export interface LoopbackTask {
  readonly keys: readonly string[];
  /** Bytes of each object, whole KiB: a hash of 32 bytes comes on top. */
  readonly size: number;
  /** Its line, bytes a second each way; as fast as this machine goes when left out. */
  readonly rate?: number;
  /** A golden backup, whose objects are held instead of those of `keys` and `size`. */
  readonly golden?: string;
  /** So many prefixes, each with these objects below it. */
  readonly prefixes?: number;
  /** How long each answer takes, ms. */
  readonly delayMs?: number;
  /** Whether what is uploaded can be read again; only its size when left out. */
  readonly keeps?: 'bytes';
}

/** Bytes followed by their SHA-256, as every full and every delta ends. */
function hashedBytes(size: number): Buffer {
  const payload = seededBytes(size, 1);
  return Buffer.concat([payload, createHash('sha256').update(payload).digest()]);
}

/** The prefix of a cluster, with a slash at its end. */
function fleetPrefix(at: number): string {
  return `team-${at % 10}/cluster-${String(at).padStart(5, '0')}/etcd-main/`;
}

const {
  keys,
  size,
  rate,
  golden,
  prefixes,
  delayMs,
  keeps = 'sizes',
} = JSON.parse(process.argv[2] ?? '') as LoopbackTask;
const server = await startS3Server({
  keeps,
  ...(rate === undefined ? {} : { pace: new Bandwidth({ bytesPerSecond: rate }) }),
});
// All are the same, so that the server's memory is not what is measured.
const same = keys.length > 0 ? hashedBytes(size) : Buffer.alloc(0);
const held = golden === undefined ? keys.map((key) => ({ key, bytes: same })) : goldenObjects(golden);
const roots = prefixes === undefined ? [''] : Array.from({ length: prefixes }, (_, at) => fleetPrefix(at));
for (const root of roots) {
  for (const { key, bytes } of held) {
    server.objects.set(`${root}${key}`, { size: bytes.length, bytes, modifiedAt: Date.now() });
  }
}
if (delayMs !== undefined) {
  server.fault(() => ({ kind: 'delay', ms: delayMs }));
}
process.stdout.write(`${server.endpoint}\n`);
