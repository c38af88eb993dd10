import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { test } from 'node:test';
import { makeTempDir } from '../../../../scripts/lab/temp-dir.ts';
import { inspectDatabase } from '../../../../src/datadir/mvcc/inspect.ts';
import { type RestoreResult, restore } from '../../../../src/operations/restore/restore.ts';
import { revision } from '../../../../src/revision.ts';
import type { DeltaEvent } from '../../../../src/snapshot/delta-event.ts';
import { type RecordedContext, recordedContext } from '../../../support/context/run-context.ts';
import { eventsOfDatabase } from '../../../support/datadir/event-database.ts';
import { goldenDatabase } from '../../../support/datadir/golden.ts';
import { deltaObject, fullObject } from '../../../support/fixtures/backup-objects.ts';
import { put } from '../../../support/fixtures/delta-events.ts';
import { goldenEvents } from '../../../support/fixtures/golden-events.ts';
import { goldenObjects } from '../../../support/fixtures/golden-store.ts';
import { restoreRequest } from '../../../support/fixtures/restore-request.ts';
import { type MemoryObject, memorySnapStore } from '../../../support/stores/memory-snapstore.ts';

const golden = goldenObjects('etcd-3.5/gzip');
const full = goldenFull();
const deltas = golden.filter((object) => object !== full);
const base = goldenDatabase('etcd-3.5/gzip');
const events = await goldenEvents();
const eventsOfBase = await eventsOfDatabase(base);
const goldenHash = (await restoredFrom(golden)).hash;

function goldenFull(): MemoryObject {
  return golden.find(({ key }) => key.includes('Full-')) ?? assert.fail('no full');
}

function within(first: number, last: number): readonly DeltaEvent[] {
  return events.filter(({ modRevision }) => modRevision >= first && modRevision <= last);
}

function inBase(first: number, last: number): readonly DeltaEvent[] {
  return eventsOfBase.filter(({ modRevision }) => modRevision >= first && modRevision <= last);
}

async function restoredFrom(
  objects: readonly MemoryObject[],
): Promise<{ readonly result: RestoreResult; readonly hash: number; readonly context: RecordedContext }> {
  using dir = makeTempDir();
  const context = recordedContext();
  const result = await restore(restoreRequest(dir, { store: memorySnapStore(objects) }), context);
  const { hash } = await inspectDatabase(dir.join('data', 'member', 'snap', 'db'), context);
  return { result, hash, context };
}

/** Expects a refusal that leaves nothing. */
async function refused(objects: readonly MemoryObject[], failure: { readonly code: string; readonly message: RegExp }) {
  using dir = makeTempDir();
  const request = restoreRequest(dir, { store: memorySnapStore(objects) });
  await assert.rejects(restore(request, recordedContext()), { name: 'Failure', ...failure });
  assert.deepEqual(readdirSync(dir.path), []);
}

test('an empty store is refused', async () => {
  await refused([], { code: 'no_backup', message: /cannot restore from memory: it holds no snapshot/ });
});

test('an empty store says why it is empty', async () => {
  for (const [reason, message] of [
    [{ kind: 'no container' }, /it holds no snapshot, as it does not exist; check --store-container/],
    [{ kind: 'directly here' }, /it holds no snapshot in a folder v2, but some right there; leave \/v2 away/],
    [{ kind: 'other prefixes', prefixes: ['etcd-main'] }, /its container holds some under "etcd-main"; correct/],
  ] as const) {
    using dir = makeTempDir();
    const store = { ...memorySnapStore([]), whyEmpty: () => Promise.resolve(reason) };
    await assert.rejects(restore(restoreRequest(dir, { store }), recordedContext()), { code: 'no_backup', message });
  }
});

test('deltas without a full are refused', async () => {
  await refused(deltas, { code: 'backup_gap', message: /no full snapshot to begin with/ });
});

test('a missing delta is refused with the revisions that are missing', async () => {
  const kept = golden.filter(({ key }) => !key.includes('Incr-00000090'));
  const message = /revisions 90 to 119 are missing between Incr-00000059-\S+ and Incr-00000120-/;
  await refused(kept, { code: 'backup_gap', message });
});

test('the first delta missing is refused too', async () => {
  const kept = golden.filter(({ key }) => !key.includes('Incr-00000059'));
  await refused(kept, {
    code: 'backup_gap',
    message: /revisions 59 to 89 are missing between Full-\S+ and Incr-00000090-/,
  });
});

test('a revision missing inside a delta is refused, although the names fit', async () => {
  const holed = deltaObject(within(59, 122).filter(({ modRevision }) => modRevision !== revision(71)));
  await refused([full, holed], {
    code: 'backup_gap',
    message: /revisions 71 to 71 are missing before its event at revision 72/,
  });
});

test('a delta whose first event is later than its name says is refused', async () => {
  const late = deltaObject(within(61, 122), { startRevision: 59 });
  await refused([full, late], { code: 'backup_gap', message: /revisions 59 to 60 are missing/ });
});

test('a delta that ends before its name says is refused', async () => {
  const short = deltaObject(within(59, 100), { lastRevision: 122 });
  await refused([full, short], {
    code: 'snapshot_corrupt',
    message: /last event is at revision 100, its name says 122/,
  });
});

test('an event that etcd cannot have made is refused', async () => {
  const odd = deltaObject([put('k', 59, { version: 0 })]);
  await refused([full, odd], { code: 'snapshot_corrupt', message: /a put at revision 59 of a key created at/ });
  const early = deltaObject([put('k', 59, { createRevision: revision(60) })]);
  await refused([full, early], { code: 'snapshot_corrupt', message: /a put at revision 59 of a key created at/ });
});

test('upstream 1043, 676, 517: overlapping deltas of two writers are merged, with a warning, to the same state', async () => {
  const second = deltaObject(within(80, 122), { createdOn: 1_795_251_539 });
  const { hash, result, context } = await restoredFrom([
    ...golden.filter(({ key }) => !key.includes('Incr-00000090')),
    second,
  ]);
  assert.equal(hash, goldenHash);
  assert.equal(result.eventsApplied, events.length);
  const warnings = context.lines.filter(({ level }) => level === 'warn').map(({ text }) => text);
  assert.equal(warnings.length, 1);
  assert.match(
    warnings[0] ?? '',
    /^Revisions 80 to 89 of Incr-00000080-00000122-1795251539 are in an earlier delta, too: two snapshotters wrote here/,
  );
});

test('upstream 1044: a full whose database reaches beyond its name is continued from where it really ends', async () => {
  const named = fullObject(base, { lastRevision: 40 });
  const overlapping = deltaObject([...inBase(41, 58), ...within(59, 122)]);
  const { hash, result } = await restoredFrom([named, overlapping]);
  assert.equal(hash, goldenHash);
  assert.equal(result.eventsApplied, events.length);
});

test('deltas that the database of a full covers entirely are not needed, even when their first is missing', async () => {
  const named = fullObject(base, { lastRevision: 40 });
  const covered = deltaObject(inBase(45, 50));
  const { hash, result } = await restoredFrom([named, covered, deltaObject(within(59, 122))]);
  assert.equal(hash, goldenHash);
  assert.equal(result.snapshots.length, 2);
});

test('a full whose database ends before its name says is refused when deltas follow', async () => {
  const named = fullObject(base, { lastRevision: 60 });
  await refused([named, deltaObject(within(61, 122))], {
    code: 'backup_gap',
    message: /revisions 59 to 60 are missing/,
  });
});

test('a full alone is restored', async () => {
  const { result } = await restoredFrom([full]);
  assert.equal(result.revision, 58);
  assert.equal(result.eventsApplied, 0);
  assert.deepEqual(result.snapshots, [full.key.slice('v2/'.length)]);
});

test('a transaction with a thousand puts keeps their order', async () => {
  const many = Array.from({ length: 1000 }, (_, at) => put(`many/${String(at).padStart(4, '0')}`, 59));
  const { result } = await restoredFrom([full, deltaObject([...many, put('next', 60)])]);
  assert.equal(result.eventsApplied, 1001);
  assert.equal(result.revision, 60);
});
