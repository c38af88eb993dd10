import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { latestJson, snapshotJson } from '../../../../src/server/http/snapshot-json.ts';
import type { StoredSnapshot } from '../../../../src/snapstore/snapstore.ts';
import { snapshotNamed } from '../../../support/fixtures/snapshots.ts';

function stored(name: string, key: string, more: Partial<StoredSnapshot> = {}): StoredSnapshot {
  return { ...snapshotNamed(name), key, size: 1, ...more };
}

describe('a snapshot as JSON', () => {
  it('has the keys of the Go program in its order', () => {
    const name = 'Full-00000000-00000058-1795251532.gz.final';
    const text = snapshotJson(
      stored(name, `p/v2/${name}`, { immutableUntil: 1_795_251_532_120, versionId: 'abc' }),
      'listed',
    );
    assert.equal(
      text,
      '{"createdOn":"2026-11-21T08:58:52Z","immutabilityExpriyTime":"2026-11-21T08:58:52.12Z","versionID":"abc",' +
        `"kind":"Full","snapDir":"","snapName":"${name}","prefix":"p/v2/","compressionSuffix":".gz",` +
        '"startRevision":0,"lastRevision":58,"isChunk":false,"isFinal":true}',
    );
  });

  it('is null when there is none', () => {
    assert.equal(snapshotJson(undefined, 'taken'), 'null');
    assert.equal(latestJson({ full: undefined, deltas: [] }), '{"fullSnapshot":null,"deltaSnapshots":null}');
  });

  it('has a directory in the old layout, and shows where it lies only when it was listed', () => {
    const relative = 'v1/Backup-1795251532/Incr-00000001-00000002-1795251532.Z';
    const old = stored(relative, `deep/er/${relative}`);
    assert.match(
      snapshotJson(old, 'listed'),
      /"snapDir":"Backup-1795251532","snapName":"Incr-[^"]*","prefix":"deep\/er\/v1\/","compressionSuffix":"\.Z"/,
    );
    assert.match(snapshotJson(old, 'taken'), /"prefix":""/);
    const bare = stored('Full-0-1-2', 'v2/Full-0-1-2');
    assert.match(snapshotJson(bare, 'listed'), /"prefix":"v2\/","compressionSuffix":""/);
  });

  it('escapes what the encoder of Go escapes', () => {
    const name = 'Full-00000000-00000058-1795251532';
    const text = snapshotJson(stored(name, `a<b>&c\u2028/v2/${name}`), 'listed');
    assert.match(text, /"prefix":"a\\u003cb\\u003e\\u0026c\\u2028\/v2\/"/);
    assert.equal((JSON.parse(text) as { prefix: string }).prefix, 'a<b>&c\u2028/v2/');
  });
});
