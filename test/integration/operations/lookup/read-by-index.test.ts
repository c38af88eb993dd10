import assert from 'node:assert/strict';
import { readdirSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import { test } from 'node:test';
import { makeTempDir } from '../../../../scripts/lab/temp-dir.ts';
import { crc32c } from '../../../../src/checksum/crc32c.ts';
import { findInFull, mayHold } from '../../../../src/objects/key-index.ts';
import { RangedObject } from '../../../../src/objects/ranged-object.ts';
import { compactBackup } from '../../../../src/operations/compact/compact.ts';
import { versionsOf } from '../../../../src/operations/lookup/find-key.ts';
import { listKeys } from '../../../../src/operations/lookup/list-keys.ts';
import type { StateRequest } from '../../../../src/operations/lookup/state.ts';
import { withState } from '../../../../src/operations/lookup/with-state.ts';
import { type Revision, revision } from '../../../../src/revision.ts';
import { Failure } from '../../../../src/runtime/failure.ts';
import type { DeltaEvent } from '../../../../src/snapshot/delta-event.ts';
import { Identities } from '../../../../src/snapshot/encryption/identities.ts';
import { IndexDamage, indexFooter } from '../../../../src/snapshot/key-index/index-members.ts';
import { type WantedKeys, wantedFingerprints } from '../../../../src/snapshot/key-index/wanted-keys.ts';
import { BackupStore } from '../../../../src/snapstore/backups/backup-store.ts';
import { jumpingClock } from '../../../support/clock/jumping-clock.ts';
import { RecordedLog } from '../../../support/context/recorded-log.ts';
import { type RecordedContext, recordedContext } from '../../../support/context/run-context.ts';
import { ageKeys, otherAgeKey } from '../../../support/fixtures/age-keys.ts';
import { seededBytes } from '../../../support/fixtures/byte-streams.ts';
import { framingOf } from '../../../support/fixtures/index-framing-of.ts';
import { type LookupChain, lookupChain, put } from '../../../support/fixtures/lookup-chain.ts';

/** Two keys of one fingerprint, and two prefixes of one. */
const COLLIDING = ['/registry/pods/a/8ce5d989374d', '/registry/pods/a/de3f712d1a02'] as const;
const COLLIDING_PREFIXES = ['/registry/73fb305c6b38/', '/registry/6075e112f956/'] as const;

const ODD = [
  '/registry/pods/a/',
  '/registry/pods/a',
  '/nul/\0/k',
  '\0',
  'plain',
  '/deep/1/2/3/4/5/6/7/8/9/x',
  '/long/value',
];

/** 6,000 puts of random values and some odd ones in a full of a few MiB, with access points in its last members; then deltas of ten. */
async function chainOf(options: Parameters<typeof lookupChain>[2] = {}): Promise<LookupChain> {
  const events: DeltaEvent[] = [];
  const next = (key: string, value: string | Uint8Array): void => {
    events.push(put(key, value, events.length + 2));
  };
  for (let at = 0; at < 6_000; at++) {
    next(`/registry/pods/ns-${Math.floor(at / 100)}/pod-${at}`, seededBytes(1_000, at));
    if (at % 300 === 150) {
      next(ODD[(at - 150) / 300] ?? 'more', at === 1_950 ? seededBytes(1_300_000, 1) : `odd ${at}`);
    }
    if (at === 150 || at === 450) {
      next(COLLIDING[0], `one ${at}`);
      next(COLLIDING[1], `other ${at}`);
      next(`${COLLIDING_PREFIXES[0]}k`, `one ${at}`);
      next(`${COLLIDING_PREFIXES[1]}k`, `other ${at}`);
    }
  }
  const end = events.length;
  const deltas = Array.from({ length: 6 }, (_, delta) =>
    Array.from({ length: 10 }, (_, at) => {
      const key = delta % 3 === 1 && at === 4 ? '/registry/pods/ns-7/hot' : `/registry/events/e-${delta}-${at}`;
      return put(key, `v${delta}`, end + 2 + delta * 10 + at);
    }),
  );
  deltas[5]?.splice(3, 1, {
    type: 'delete',
    key: Buffer.from(`${COLLIDING_PREFIXES[0]}k`),
    modRevision: revision(end + 55),
  });
  return await lookupChain(events, deltas, options);
}

/** 1,000 small changes; `few` is in one page, `everywhere` in all. */
async function smallChain(options: { readonly withFilter?: boolean } = {}): Promise<LookupChain> {
  const events = Array.from({ length: 1_000 }, (_, at) =>
    put(
      at % 10 === 0 ? '/registry/everywhere' : at === 501 ? '/registry/pods/few' : `/registry/k/${at}`,
      `v${at}`,
      at + 2,
    ),
  );
  const deltas = [0, 1].map((delta) => [put('/registry/events/e', `${delta}`, 1_002 + delta)]);
  return await lookupChain(events, deltas, options);
}

interface Found {
  readonly revision: Revision;
  readonly versions: readonly string[];
}

/** What a state holds of wanted keys. */
async function foundIn(request: StateRequest, keys: WantedKeys, context: RecordedContext): Promise<Found> {
  return await withState(request, context, async (state) => {
    const versions: string[] = [];
    if (keys.kind === 'key') {
      for await (const { main, sub, tombstone, value } of versionsOf(keys.key, state, context)) {
        versions.push(
          `${main}.${sub} ${tombstone} ${Buffer.from(value).toString('base64').slice(0, 40)} ${value.length}`,
        );
      }
    } else {
      for (const { key, main, size, digest } of await listKeys(state, keys, context)) {
        versions.push(`${Buffer.from(key).toString()} ${main} ${size} ${digest}`);
      }
    }
    return { revision: state.revision, versions };
  });
}

interface Lookup extends Pick<StateRequest, 'content'> {
  readonly by: 'index' | 'reading all';
  readonly context?: RecordedContext;
  readonly until?: number;
}

async function lookedUp(
  { store }: LookupChain,
  keys: WantedKeys,
  { by, context = recordedContext(), until, content }: Lookup,
): Promise<Found> {
  using home = makeTempDir();
  const target = until === undefined ? {} : { until: { kind: 'revision', revision: revision(until) } as const };
  const source = { kind: 'store', store, target } as const;
  const wanted = by === 'index' ? [keys] : undefined;
  const found = await foundIn({ source, tempDir: home.join('temp'), maxFetchers: 2, content, wanted }, keys, context);
  assert.deepEqual(readdirSync(home.path), []);
  return found;
}

const key = (text: string): WantedKeys => ({ kind: 'key', key: Buffer.from(text) });
const prefix = (text: string): WantedKeys => ({ kind: 'prefix', prefix: Buffer.from(text) });

/** What a lookup has to find. */
function expected({ events }: LookupChain, wanted: WantedKeys, until = Number.POSITIVE_INFINITY): Found {
  const known = events.filter(({ modRevision }) => modRevision <= until);
  const versions: string[] = [];
  const living = new Map<string, string>();
  for (const event of known) {
    const text = Buffer.from(event.key).toString();
    const value = event.type === 'put' ? event.value : Buffer.alloc(0);
    if (wanted.kind === 'key' ? Buffer.compare(event.key, wanted.key) === 0 : text.startsWith(String(wanted.prefix))) {
      const shown = `${Buffer.from(value).toString('base64').slice(0, 40)} ${value.length}`;
      versions.push(`${event.modRevision}.0 ${event.type === 'delete'} ${shown}`);
      living.delete(text);
      if (event.type === 'put') {
        living.set(text, `${text} ${event.modRevision} ${value.length} ${crc32c(0, value)}`);
      }
    }
  }
  const sorted = [...living].toSorted(([one], [other]) => Buffer.compare(Buffer.from(one), Buffer.from(other)));
  return {
    revision: known.at(-1)?.modRevision ?? revision(0),
    versions: wanted.kind === 'key' ? versions : sorted.map(([, line]) => line),
  };
}

const chain = await chainOf();
const small = await smallChain();

for (const wanted of [
  ...['/registry/pods/ns-3/pod-333', '/registry/pods/ns-7/hot', ...ODD, '/absent', '/registry/events/e-0-0'].map(key),
  ...['/registry/pods/ns-29/', '/registry/pods/ns-7/h', '/registry/pods/a/', ...COLLIDING_PREFIXES].map(prefix),
  ...['/nul/', '/deep/1/2/3/4/5/6/7/8/9/', '/absent/', '/registry/events/'].map(prefix),
  key(COLLIDING[0]),
]) {
  const name =
    wanted.kind === 'key' ? `the key ${JSON.stringify(wanted.key.toString())}` : `what begins with ${wanted.prefix}`;
  test(`${name} is found by the index`, async () => {
    const context = recordedContext();
    assert.deepEqual(await lookedUp(chain, wanted, { by: 'index', context }), expected(chain, wanted));
    assert.ok(context.lines.some(({ text }) => /by its index/.test(text)));
    assert.deepEqual(
      context.lines.filter(({ level }) => level === 'warn'),
      [],
    );
  });
}

test('fulls and deltas of zstd are read by their indexes, too; what is damaged is refused', async () => {
  const packed = await chainOf({ compression: 'zstd' });
  for (const wanted of [
    key('/registry/pods/ns-7/hot'),
    key('/long/value'),
    prefix('/registry/pods/ns-29/'),
    key('/absent'),
  ]) {
    const context = recordedContext();
    packed.reads.keys.length = 0;
    assert.deepEqual(await lookedUp(packed, wanted, { by: 'index', context }), expected(packed, wanted));
    assert.ok(context.lines.some(({ text }) => /by its index/.test(text)));
    assert.equal(context.lines.filter(({ level }) => level === 'warn').length, 0);
    const whole = packed.reads.keys.filter((each) => each.includes('Incr-')).length - 6;
    assert.equal(whole, String(wanted.kind === 'key' && wanted.key) === '/registry/pods/ns-7/hot' ? 2 : 0);
  }
  const object = packed.bucket.objects.get(packed.fullKey);
  assert.ok(object !== undefined);
  const bytes = Buffer.from(object.bytes);
  bytes.writeUInt8(bytes.readUInt8(bytes.length - 20) ^ 4, bytes.length - 20);
  packed.bucket.objects.set(packed.fullKey, { ...object, bytes });
  const context = recordedContext();
  const wanted = key('/registry/pods/ns-3/pod-333');
  assert.deepEqual(await lookedUp(packed, wanted, { by: 'index', context }), expected(packed, wanted));
  assert.ok(context.lines.some(({ text }) => /cannot be read by its index .*: all of it is read/.test(text)));
});

test('encrypted fulls and deltas are read by the index in them: few bytes, and only deltas that may hold what is wanted', async () => {
  const keys = await ageKeys();
  const sealed = await chainOf({ keys });
  const stored = sealed.bucket.objects.get(sealed.fullKey)?.bytes.length ?? 0;
  for (const wanted of [
    key('/registry/pods/ns-3/pod-333'),
    key('/registry/pods/ns-7/hot'),
    key('/long/value'),
    prefix('/registry/pods/a/'),
  ]) {
    const context = recordedContext();
    sealed.reads.bytes = 0;
    sealed.reads.keys.length = 0;
    assert.deepEqual(await lookedUp(sealed, wanted, { by: 'index', context }), expected(sealed, wanted));
    assert.ok(context.lines.some(({ text }) => /by its index/.test(text)));
    assert.deepEqual(
      context.lines.filter(({ level }) => level === 'warn'),
      [],
    );
    assert.ok(String(wanted.kind) !== 'key' || sealed.reads.bytes < stored * 0.5, `${sealed.reads.bytes} of ${stored}`);
  }
  assert.ok(sealed.fullKey.endsWith('.gz.age'));
});

test('an encrypted full whose index or member was changed is never taken for another, and one that is closed is said to be closed', async () => {
  const keys = await ageKeys();
  const few = Array.from({ length: 1_500 }, (_, at) => put(`/registry/k/${at}`, seededBytes(1_000, at), at + 2));
  const sealed = await lookupChain(few, [], { keys });
  const object = sealed.bucket.objects.get(sealed.fullKey);
  const wanted = key('/registry/k/500');
  assert.ok(object !== undefined);
  const outcomes = new Set<string>();
  for (let at = 0; at < object.bytes.length; at += 99_901) {
    const bytes = Buffer.from(object.bytes);
    bytes.writeUInt8(bytes.readUInt8(at) ^ (1 << (at % 8)), at);
    sealed.bucket.objects.set(sealed.fullKey, { ...object, bytes });
    const outcome = await lookedUp(sealed, wanted, { by: 'index' }).then(
      (found) => {
        assert.deepEqual(found, expected(sealed, wanted), `byte ${at}`);
        return 'found';
      },
      (error: unknown) => (error instanceof Failure ? error.code : String(error)),
    );
    outcomes.add(outcome);
  }
  assert.deepEqual([...outcomes].toSorted(), ['found', 'snapshot_corrupt']);
  sealed.bucket.objects.set(sealed.fullKey, object);
  const log = new RecordedLog();
  const upload = { parallel: 1, minChunkSize: 1, clock: jumpingClock(), log };
  const other = await Identities.parse([otherAgeKey.file]);
  for (const identities of [other, Identities.none]) {
    const store = new BackupStore({ bucket: sealed.bucket, prefix: '', upload, log, identities });
    const context = recordedContext();
    await assert.rejects(lookedUp({ ...sealed, store }, wanted, { by: 'index', context }), { code: 'no_identity' });
    assert.deepEqual(
      context.lines.filter(({ level }) => level === 'warn'),
      [],
    );
  }
});

test('a full in a file is read by its index, too', async () => {
  using home = makeTempDir();
  const path = home.join(basename(chain.fullKey));
  writeFileSync(path, chain.bucket.objects.get(chain.fullKey)?.bytes ?? '');
  const last = Number(basename(chain.fullKey).split('-')[2]);
  for (const wanted of [key('/registry/pods/ns-3/pod-333'), prefix('/registry/pods/ns-29/'), key('/absent')]) {
    const context = recordedContext();
    const source = { kind: 'path', path, revision: undefined } as const;
    const request = { source, tempDir: home.join('temp'), maxFetchers: 2, wanted: [wanted] };
    assert.deepEqual(await foundIn(request, wanted, context), expected(chain, wanted, last));
    assert.ok(context.lines.some(({ text }) => /by its index/.test(text)));
  }
  assert.deepEqual(readdirSync(home.path), [basename(path)]);
});

test('whose keys a state holds is known by the index and by reading all', async () => {
  using home = makeTempDir();
  const source = { kind: 'store', store: small.store, target: {} } as const;
  for (const wanted of [undefined, [key('/registry/pods/few')]]) {
    const request = { source, tempDir: home.join('temp'), maxFetchers: 2, wanted };
    const id = await withState(request, recordedContext(), ({ clusterId }) => Promise.resolve(clusterId));
    assert.equal(id, 0xabcn);
  }
});

test('older states are found by the index', async () => {
  const wanted = key(`${COLLIDING_PREFIXES[0]}k`);
  const last = chain.events.length + 1;
  for (const until of [last, last - 3, last - 61, 2_000]) {
    const found = await lookedUp(chain, wanted, { by: 'index', until });
    const { versions } = expected(chain, wanted, until);
    // The database may go on: what is read of it does not.
    assert.deepEqual(found, { revision: until, versions });
  }
});

test('with leases all is read as soon as a wanted key has one', async () => {
  const events = Array.from({ length: 3_000 }, (_, at) => {
    const event = put(`/registry/${at >= 300 && at < 310 ? 'leased' : 'k'}/${at}`, seededBytes(1_000, at), at + 2);
    return event.type === 'put' && at === 301 ? { ...event, lease: 7n } : event;
  });
  const leased = await lookupChain(events, [[put('/registry/k/new', 'x', 3_002)]]);
  for (const [wanted, content, isByIndex] of [
    [prefix('/registry/leased/'), 'keys and leases', false],
    [prefix('/registry/leased/'), 'keys', true],
    [key('/registry/k/299'), 'keys and leases', true],
    [key('/registry/k/new'), 'keys and leases', true],
  ] as const) {
    const context = recordedContext();
    const found = await lookedUp(leased, wanted, { by: 'index', context, content });
    assert.deepEqual(found, expected(leased, wanted));
    const all = context.lines.some(({ text }) => /is read as a whole: a key has a lease/.test(text));
    assert.equal(all, !isByIndex, `${String(wanted.kind)} ${content}`);
  }
});

for (const wanted of [prefix('plain'), prefix('/'), key('/registry/everywhere')]) {
  test(`all is read for ${JSON.stringify(String(wanted.kind === 'key' ? wanted.key : wanted.prefix))}`, async () => {
    const context = recordedContext();
    const by = { by: 'index', context } as const;
    assert.deepEqual(await lookedUp(small, wanted, by), expected(small, wanted));
    assert.ok(!context.lines.some(({ text }) => /by its index/.test(text)));
  });
}

test('few bytes are read for a key, and only the deltas that may hold it', async () => {
  const { reads, bucket, fullKey } = chain;
  const stored = bucket.objects.get(fullKey)?.bytes.length ?? 0;
  reads.bytes = 0;
  reads.keys.length = 0;
  await lookedUp(chain, key('/registry/pods/ns-7/hot'), { by: 'index' });
  const counts = [...Map.groupBy(reads.keys, (each) => each).values()].map(({ length }) => length);
  // The end of the full; the end of each delta, and two deltas.
  assert.deepEqual(counts.toSorted(), [1, 1, 1, 1, 1, 2, 2]);
  reads.bytes = 0;
  await lookedUp(chain, key('/registry/pods/ns-3/pod-333'), { by: 'index' });
  assert.ok(reads.bytes < stored * 0.2, `${reads.bytes} of ${stored}`);
});

test('without filters all deltas are read', async () => {
  const { store, bucket, reads, events, ...rest } = await smallChain({ withFilter: false });
  const wanted = key('/registry/pods/few');
  assert.deepEqual(
    await lookedUp({ store, bucket, reads, events, ...rest }, wanted, { by: 'index' }),
    expected(small, wanted),
  );
});

test('whichever byte of an index changes, nothing is taken from it', async () => {
  const few = Array.from({ length: 30 }, (_, at) => put(`/registry/k/${at}`, `v${at}`, at + 2));
  const { bucket, fullKey, indexStart, store } = await lookupChain(few, []);
  const object = bucket.objects.get(fullKey);
  const [snapshot] = (await store.list(recordedContext())).snapshots;
  assert.ok(object !== undefined && snapshot !== undefined);
  const { bytes } = object;
  const wanted = { keys: new Set([1]), prefixes: new Set<number>() };
  for (let at = indexStart; at < bytes.length; at++) {
    const changed = Buffer.from(bytes);
    changed.writeUInt8(changed.readUInt8(at) ^ (1 << (at % 8)), at);
    bucket.objects.set(fullKey, { ...object, bytes: changed });
    await assert.rejects(findInFull(new RangedObject({ store, snapshot }, recordedContext()), wanted), IndexDamage);
  }
});

test('whichever byte of the table of access points changes, nothing is taken from the index; with them little is read', async () => {
  const { bucket, fullKey, store, reads } = chain;
  const object = bucket.objects.get(fullKey) ?? assert.fail('it is stored');
  const [snapshot] = (await store.list(recordedContext())).snapshots;
  assert.ok(snapshot !== undefined);
  const wanted = { keys: new Set([1]), prefixes: new Set<number>() };
  const found = await findInFull(new RangedObject({ store, snapshot }, recordedContext()), wanted);
  assert.ok(found?.points.some((points) => points !== undefined));
  const facts = object.bytes.lastIndexOf(Buffer.from('{"lastRevision"'));
  assert.ok(facts > 0);
  for (let at = facts - 400; at < facts; at++) {
    const changed = Buffer.from(object.bytes);
    changed.writeUInt8(changed.readUInt8(at) ^ (1 << (at % 8)), at);
    bucket.objects.set(fullKey, { ...object, bytes: changed });
    await assert.rejects(findInFull(new RangedObject({ store, snapshot }, recordedContext()), wanted), IndexDamage);
  }
  bucket.objects.set(fullKey, object);
  for (const at of [5_100, 5_777, 5_999]) {
    const one = key(`/registry/pods/ns-${Math.floor(at / 100)}/pod-${at}`);
    reads.bytes = 0;
    assert.deepEqual(await lookedUp(chain, one, { by: 'index' }), expected(chain, one));
    assert.ok(reads.bytes < 300_000, `${reads.bytes}`);
  }
});

test('whichever byte of the filter of a delta changes, the delta is not passed over for it', async () => {
  const { bucket, store } = await smallChain();
  const delta = (await store.list(recordedContext())).snapshots.find(({ kind }) => kind === 'Incr');
  const object = bucket.objects.get(delta?.key ?? '');
  const absent = wantedFingerprints([key('/absent')]);
  assert.ok(delta !== undefined && object !== undefined && absent !== undefined);
  const asked = (): Promise<boolean | undefined> =>
    mayHold(new RangedObject({ store, snapshot: delta }, recordedContext()), absent);
  assert.equal(await asked(), false);
  const footer = indexFooter(object.bytes, object.bytes.length, framingOf('gzip'));
  assert.ok(footer !== undefined);
  for (let at = object.bytes.length - footer.size; at < object.bytes.length; at++) {
    const bytes = Buffer.from(object.bytes);
    bytes.writeUInt8(bytes.readUInt8(at) ^ (1 << (at % 8)), at);
    bucket.objects.set(delta.key, { ...object, bytes });
    await assert.rejects(asked(), IndexDamage, `byte ${at}`);
  }
});

test('a delta under the name of another one is not passed over for its filter', async () => {
  for (const options of [{}, { compression: 'zstd', keys: await ageKeys() }] as const) {
    const mixed = await chainOf(options);
    const deltas = [...mixed.bucket.objects.keys()].filter((each) => each.includes('Incr-'));
    const [first, second = '', third = ''] = deltas;
    const [wanted, other] = [mixed.bucket.objects.get(second), mixed.bucket.objects.get(third)];
    assert.ok(first !== undefined && wanted !== undefined && other !== undefined);
    mixed.bucket.objects.set(second, { ...other, entry: { ...other.entry, key: second } });
    const context = recordedContext();
    // The second one changed the key, and neither of the others did.
    await assert.rejects(
      lookedUp(mixed, key('/registry/pods/ns-7/hot'), { by: 'index', context }),
      /Incr-\S+: .*revisions? \d+.*missing/,
    );
    assert.ok(
      context.lines.some(({ text }) =>
        /The index of Incr-\S+ is not used \(it is that of revisions \d+ to \d+\)/.test(text),
      ),
    );
  }
});

test('what is wrong with a chain is said as when all is read: a missing delta, and revisions outside of it', async () => {
  const whole = await smallChain();
  const wanted = key('/registry/pods/few');
  const said = async (by: Lookup['by'], until?: number): Promise<string> => {
    const lookup = lookedUp(whole, wanted, { by, ...(until === undefined ? {} : { until }) });
    return await lookup.then(
      ({ revision: read }) => `revision ${read}`,
      (error: unknown) => String(error),
    );
  };
  assert.match(
    await said('index', 1_004),
    /cannot read a state from .*: revision 1004 is wanted, .*give at most --revision 1003/,
  );
  assert.equal(await said('index', 1_004), await said('reading all', 1_004));
  const first = (await whole.store.list(recordedContext())).snapshots.find(({ kind }) => kind === 'Incr');
  whole.bucket.objects.delete(first?.key ?? '');
  assert.match(await said('index'), /revision 1002 is missing between .*--revision 1001 to read the state before it/);
  assert.equal(await said('index'), await said('reading all'));
  assert.equal(await said('index', 1_001), 'revision 1001');
});

test('with a damaged index all is read, and a warning says so; with a damaged member the object is refused', async () => {
  const { bucket, fullKey, indexStart } = small;
  const object = bucket.objects.get(fullKey);
  assert.ok(object !== undefined);
  const wanted = key('/registry/pods/few');
  const changedAt = async (at: number): Promise<RecordedContext> => {
    const bytes = Buffer.from(object.bytes);
    bytes.writeUInt8(bytes.readUInt8(at) ^ 4, at);
    bucket.objects.set(fullKey, { ...object, bytes });
    const context = recordedContext();
    assert.deepEqual(await lookedUp(small, wanted, { by: 'index', context }), expected(small, wanted));
    return context;
  };
  try {
    // In a payload, and in the checksum at the end: readers of gzip do not look at them.
    for (const at of [indexStart + 60, object.bytes.length - 12]) {
      const { lines } = await changedAt(at);
      assert.equal(
        lines.filter(({ text }) => /cannot be read by its index .*: all of it is read/.test(text)).length,
        1,
      );
    }
    await assert.rejects(changedAt(Math.floor(indexStart / 2)), { code: 'snapshot_corrupt' });
  } finally {
    bucket.objects.set(fullKey, object);
  }
});

test('what a compaction writes has an index, too', async () => {
  using home = makeTempDir();
  const whole = await smallChain();
  const request = {
    store: whole.store,
    tempDir: home.path,
    maxFetchers: 2,
    quotaBytes: undefined,
    skipHashCheck: false,
  };
  await compactBackup({ ...request, saveTimeoutMs: 60_000 }, recordedContext());
  const { store } = whole;
  const full = (await store.list(recordedContext())).snapshots.findLast(({ kind }) => kind === 'Full');
  const wanted = wantedFingerprints([key('/registry/pods/few')]);
  assert.ok(full !== undefined && full.key !== whole.fullKey && wanted !== undefined);
  const found = await findInFull(new RangedObject({ store, snapshot: full }, recordedContext()), wanted);
  assert.equal(found?.pages.length, 1);
  assert.equal(found.facts.lastRevision, 1_003);
  assert.equal(found.facts.compactRevision, 1_003);
  assert.equal(found.facts.clusterId, 'abc', 'it is known whose keys these are');
  const lookup = { by: 'index' } as const;
  assert.deepEqual(
    await lookedUp(whole, key('/registry/pods/few'), lookup),
    expected(whole, key('/registry/pods/few')),
  );
});
