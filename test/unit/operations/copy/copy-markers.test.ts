import assert from 'node:assert/strict';
import { it } from 'node:test';
import { missingMarkers } from '../../../../src/operations/copy/copy-markers.ts';
import { revision } from '../../../../src/revision.ts';
import { snapshotNamed } from '../../../support/fixtures/snapshots.ts';

it('a marker names what the target still has of the history that was left, also where the source has deleted it before', () => {
  const [first, second, common, begun] = ['Full-0-20-1000', 'Full-0-20-1100', 'Full-0-5-900', 'Full-0-5-1200'].map(
    snapshotNamed,
  );
  assert.ok(first !== undefined && second !== undefined && common !== undefined && begun !== undefined);
  const later = snapshotNamed('Incr-6-30-1300');
  const marker = {
    name: 'History-1200-00000005.json',
    begunOn: 1200,
    shared: revision(5),
    why: 'rolled_back',
    first: begun.name,
    clusterId: '1',
    left: [second.name],
  } as const;
  const held = [common, first, second, later];
  const listings = { source: [marker], held, living: [common, begun, later] };
  assert.deepEqual(missingMarkers({ ...listings, target: [marker] }), []);
  assert.deepEqual(missingMarkers({ ...listings, target: [] })[0]?.left, [second.name, first.name]);
});

it('a marker names objects as they are called when all are encrypted on the way', () => {
  const [left, begun] = ['Full-00000000-00000020-1000.gz', 'Full-00000000-00000005-1200.gz.final'];
  const facts = { name: 'History-1200-00000005.json', begunOn: 1200, shared: revision(5), clusterId: '1' } as const;
  const marker = { ...facts, why: 'rolled_back', first: begun ?? '', left: [left ?? '', 'Incr-6-7-8.gz.age'] } as const;
  const [copied] = missingMarkers({ source: [marker], target: [], held: [], living: [], isEncrypted: true });
  assert.deepEqual(
    [copied?.first, copied?.left],
    ['Full-00000000-00000005-1200.gz.age', ['Full-00000000-00000020-1000.gz.age', 'Incr-6-7-8.gz.age']],
  );
});

it('a marker of a doubt is copied with the names that its objects have', () => {
  const marker = {
    name: 'History-1200-00000005.json',
    begunOn: 1200,
    shared: revision(5),
    why: 'continuation_unproven',
    upTo: revision(9),
    first: 'Incr-00000006-00000007-1100.gz',
    clusterId: '1',
    left: [],
  } as const;
  const listings = { source: [marker], target: [], held: [snapshotNamed('Incr-6-7-1100')], living: [] };
  assert.deepEqual(missingMarkers(listings), [marker]);
  const [encrypted] = missingMarkers({ ...listings, isEncrypted: true });
  assert.deepEqual(encrypted, { ...marker, first: 'Incr-00000006-00000007-1100.gz.age' });
});
