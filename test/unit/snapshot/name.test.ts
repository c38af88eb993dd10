import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nextRevision, revision } from '../../../src/revision.ts';
import { newSnapshot, parseRelativeKey, relativeKey } from '../../../src/snapshot/name.ts';
import { goldenObjects } from '../../support/fixtures/golden-store.ts';
import { fc } from '../../support/fuzz/seeded-properties.ts';

test('a v2 name gives every field', () => {
  assert.deepEqual(parseRelativeKey('v2/Full-00000000-00000058-1795251532.gz.final'), {
    outcome: 'snapshot',
    snapshot: {
      kind: 'Full',
      startRevision: 0,
      lastRevision: 58,
      createdOn: 1795251532,
      compression: 'gzip',
      isFinal: true,
      layout: 'v2',
      directory: '',
      name: 'Full-00000000-00000058-1795251532.gz.final',
      chunk: undefined,
    },
  });
});

test('a v1 name carries its folder, and a chunk its number', () => {
  const parsed = parseRelativeKey('v1/Backup-1795251532/Incr-00000059-123456789012-1795251534.Z/0000000031');
  assert.equal(parsed.outcome, 'snapshot');
  if (parsed.outcome === 'snapshot') {
    const { layout, directory, lastRevision, compression, chunk, kind } = parsed.snapshot;
    assert.deepEqual(
      { layout, directory, lastRevision, compression, chunk, kind },
      {
        layout: 'v1',
        directory: 'Backup-1795251532',
        lastRevision: 123456789012,
        compression: 'lzw',
        chunk: 31,
        kind: 'Incr',
      },
    );
  }
});

for (const [key, reason] of [
  ['v2/Companion-00000000-00000058-1795251532.tar', /its name is not/],
  ['v2/', /no name/],
  ['v2', /no name/],
  ['v3/Full-00000000-00000058-1795251532', /neither v1\/ nor v2\//],
  ['meta/info.json', /neither/],
  ['', /neither/],
  ['v1/Full-00000000-00000058-1795251532.gz', /Backup-<seconds>/],
  ['v2/Full-00000000-00000058-1795251532.gz/0000000001/deeper', /folders deep/],
  ['v2/Full-00000000-00000058-1795251532.gz/meta', /not a number/],
  ['v2/Full-00000000-00000058-1795251532.gz/', /not a number/],
  ['v2/Full-00000000-00000058-1795251532.br', /suffix "\.br"/],
  ['v2/Full-00000000-00000058-1795251532.age.gz', /suffix "\.age\.gz"/],
  ['v2/Full-00000000-00000058-1795251532.gz.gz', /suffix "\.gz\.gz"/],
  ['v2/Full-00000000-00000058-1795251532.final.gz', /suffix "\.final\.gz"/],
  ['v2/Full-00000000-00000058-1795251532.', /its name is not/],
  ['v2/Full-00000000-+0000058-1795251532', /its name is not/],
  ['v2/full-00000000-00000058-1795251532', /its name is not/],
  ['v2/Incr-00000060-00000059-1795251532', /above its last/],
  ['v2/Incr-00000001-99999999999999999-1795251532', /too large/],
  ['v2/Full-00000000-9007199254740991-1795251532', /too large/],
  ['v2/Full-00000000-00000001-9007199254740991.gz', /too large/],
  ['v2/Full-00000000-00000001-253402300800', /too large/],
  [`v2/Full-00000000-00000001-${'9'.repeat(400)}`, /too large/],
  ['v2/Backup-1795251532/Full-00000000-00000058-1795251532.gz', /move it out of Backup-1795251532\/ into v2\//],
  ['v2/.Full-00000000-00000058-1795251532.gz.partial', /its name is not/],
] as const) {
  test(`"${key}" is foreign`, () => {
    const parsed = parseRelativeKey(key);
    assert.equal(parsed.outcome, 'foreign');
    assert.match(parsed.outcome === 'foreign' ? parsed.reason : '', reason);
  });
}

test('golden keys are read and written back', () => {
  const backups = ['etcd-3.5/gzip', 'etcd-3.5/zlib', 'etcd-3.5/lzw', 'etcd-3.5/none', 'layout-v1'];
  const keys = backups.flatMap((backup) => goldenObjects(backup).map((object) => object.key));
  assert.equal(keys.length, 20);
  for (const key of keys) {
    const parsed = parseRelativeKey(key);
    assert.equal(parsed.outcome === 'snapshot' && relativeKey(parsed.snapshot), key);
  }
});

test('the largest numbers of a name have a date and a revision after them', () => {
  const parsed = parseRelativeKey('v2/Full-00000000-9007199254740990-253402300799');
  assert.equal(parsed.outcome, 'snapshot');
  if (parsed.outcome === 'snapshot') {
    assert.equal(new Date(parsed.snapshot.createdOn * 1000).toISOString(), '9999-12-31T23:59:59.000Z');
    assert.equal(nextRevision(parsed.snapshot.lastRevision), Number.MAX_SAFE_INTEGER);
  }
});

test('any new snapshot survives its own name', () => {
  fc.assert(
    fc.property(
      fc.record({
        kind: fc.constantFrom('Full' as const, 'Incr' as const),
        startRevision: fc.nat().map(revision),
        more: fc.maxSafeNat().map((value) => Math.floor(value / 2)),
        createdOn: fc.nat(),
        compression: fc.constantFrom(
          'none' as const,
          'gzip' as const,
          'zlib' as const,
          'lzw' as const,
          'zstd' as const,
        ),
        encryption: fc.constantFrom(undefined, 'age' as const),
        isFinal: fc.boolean(),
      }),
      ({ more, encryption, ...plain }) => {
        const parts = { ...plain, ...(encryption === undefined ? {} : { encryption }) };
        const snapshot = newSnapshot({ ...parts, lastRevision: revision(parts.startRevision + more) });
        assert.deepEqual(parseRelativeKey(relativeKey(snapshot)), { outcome: 'snapshot', snapshot });
      },
    ),
  );
});

test('parsing never throws', () => {
  const codeUnits = fc.uint16Array({ maxLength: 40 }).map((units) => String.fromCharCode(...units));
  fc.assert(fc.property(codeUnits, (text) => void parseRelativeKey(text)));
  fc.assert(fc.property(fc.string(), (text) => void parseRelativeKey(`v2/Full-${text}`)));
});

test('a snapshot cannot end before it begins', () => {
  assert.throws(
    () =>
      newSnapshot({
        kind: 'Incr',
        startRevision: revision(7),
        lastRevision: revision(6),
        createdOn: 1,
        compression: 'none',
        isFinal: false,
      }),
    RangeError,
  );
});
