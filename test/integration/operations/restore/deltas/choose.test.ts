import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventsOfDatabase } from '../../../../support/datadir/event-database.ts';
import { goldenDatabase } from '../../../../support/datadir/golden.ts';
import { deltaObject, fullObject } from '../../../../support/fixtures/backup-objects.ts';
import { eventsWithin } from '../../../../support/fixtures/delta-events.ts';
import { goldenEvents } from '../../../../support/fixtures/golden-events.ts';
import { goldenObjects } from '../../../../support/fixtures/golden-store.ts';
import { assertRestoreRefused, restoredFrom } from '../../../../support/fixtures/restored-objects.ts';

const golden = goldenObjects('etcd-3.5/gzip');
const base = goldenDatabase('etcd-3.5/gzip');
const events = await goldenEvents();
const eventsOfBase = await eventsOfDatabase(base);
const goldenHash = (await restoredFrom(golden)).hash;

test('a missing delta is refused with the revisions that are missing', async () => {
  const kept = golden.filter(({ key }) => !key.includes('Incr-00000090'));
  const message = /revisions 90 to 119 are missing between Incr-00000059-\S+ and Incr-00000120-/;
  await assertRestoreRefused(kept, { code: 'backup_gap', message });
});

test('the first delta missing is refused too', async () => {
  const kept = golden.filter(({ key }) => !key.includes('Incr-00000059'));
  await assertRestoreRefused(kept, {
    code: 'backup_gap',
    message: /revisions 59 to 89 are missing between Full-\S+ and Incr-00000090-/,
  });
});

test('upstream 1043, 676, 517: overlapping deltas of two writers are merged, with a warning, to the same state', async () => {
  const second = deltaObject(eventsWithin(events, 80, 122), { createdOn: 1_795_251_539 });
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
  const overlapping = deltaObject([...eventsWithin(eventsOfBase, 41, 58), ...eventsWithin(events, 59, 122)]);
  const { hash, result } = await restoredFrom([named, overlapping]);
  assert.equal(hash, goldenHash);
  assert.equal(result.eventsApplied, events.length);
});

test('deltas that the database of a full covers entirely are not needed, even when their first is missing', async () => {
  const named = fullObject(base, { lastRevision: 40 });
  const covered = deltaObject(eventsWithin(eventsOfBase, 45, 50));
  const { hash, result } = await restoredFrom([named, covered, deltaObject(eventsWithin(events, 59, 122))]);
  assert.equal(hash, goldenHash);
  assert.equal(result.snapshots.length, 2);
});

test('a full whose database ends before its name says is refused when deltas follow', async () => {
  const named = fullObject(base, { lastRevision: 60 });
  await assertRestoreRefused([named, deltaObject(eventsWithin(events, 61, 122))], {
    code: 'backup_gap',
    message: /revisions 59 to 60 are missing/,
  });
});
