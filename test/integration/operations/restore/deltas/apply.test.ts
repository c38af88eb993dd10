import assert from 'node:assert/strict';
import { test } from 'node:test';
import { revision } from '../../../../../src/revision.ts';
import { deltaObject } from '../../../../support/fixtures/backup-objects.ts';
import { eventsWithin, put } from '../../../../support/fixtures/delta-events.ts';
import { goldenEvents } from '../../../../support/fixtures/golden-events.ts';
import { goldenFull } from '../../../../support/fixtures/golden-store.ts';
import { assertRestoreRefused, restoredFrom } from '../../../../support/fixtures/restored-objects.ts';

const full = goldenFull('etcd-3.5/gzip');
const events = await goldenEvents();

test('a revision missing inside a delta is refused, although the names fit', async () => {
  const holed = deltaObject(eventsWithin(events, 59, 122).filter(({ modRevision }) => modRevision !== revision(71)));
  await assertRestoreRefused([full, holed], {
    code: 'backup_gap',
    message:
      /the change at revision 72 does not follow: revision 71 is missing; look for another copy of it, or give --to-revision 58 .*without it$/,
  });
});

test('a delta whose first event is later than its name says is refused', async () => {
  const late = deltaObject(eventsWithin(events, 61, 122), { startRevision: 59 });
  await assertRestoreRefused([full, late], { code: 'backup_gap', message: /revisions 59 to 60 are missing/ });
});

test('a delta that ends before its name says is refused', async () => {
  const short = deltaObject(eventsWithin(events, 59, 100), { lastRevision: 122 });
  await assertRestoreRefused([full, short], {
    code: 'snapshot_corrupt',
    message: /last event is at revision 100, its name says 122/,
  });
});

test('an event that etcd cannot have made is refused', async () => {
  const odd = deltaObject([put('k', 59, { version: 0 })]);
  await assertRestoreRefused([full, odd], {
    code: 'snapshot_corrupt',
    message: /a put at revision 59 of a key created at/,
  });
  const early = deltaObject([put('k', 59, { createRevision: revision(60) })]);
  await assertRestoreRefused([full, early], {
    code: 'snapshot_corrupt',
    message: /a put at revision 59 of a key created at/,
  });
});

test('a transaction with a thousand puts keeps their order', async () => {
  const many = Array.from({ length: 1000 }, (_, at) => put(`many/${String(at).padStart(4, '0')}`, 59));
  const { result } = await restoredFrom([full, deltaObject([...many, put('next', 60)])]);
  assert.equal(result.eventsApplied, 1001);
  assert.equal(result.revision, 60);
});
