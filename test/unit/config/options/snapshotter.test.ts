import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { scheduledBackupGroups } from '../../../../src/config/options/snapshotter.ts';

const { compression } = scheduledBackupGroups;

describe('--compression-level', () => {
  for (const [policy, most] of [
    ['gzip', 9],
    ['zlib', 9],
    ['zstd', 22],
  ] as const) {
    it(`is at most ${most} with ${policy}`, () => {
      assert.equal(compression.check?.({ enabled: true, policy, level: most }), undefined);
      const complaint = compression.check?.({ enabled: true, policy, level: most + 1 });
      assert.equal(complaint?.found, `the highest level of ${policy} is ${most}`);
    });
  }

  it('is refused where there are no levels, and taken where nothing is compressed', () => {
    assert.equal(compression.check?.({ enabled: true, policy: 'lzw', level: 1 })?.found, 'lzw has no levels');
    assert.equal(compression.check?.({ enabled: false, policy: 'lzw', level: 1 }), undefined);
    assert.equal(compression.check?.({ enabled: true, policy: 'lzw', level: undefined }), undefined);
  });
});
