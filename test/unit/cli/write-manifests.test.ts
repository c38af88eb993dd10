import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { makeTempDir } from '../../../scripts/lab/temp-dir.ts';
import { writeManifests } from '../../../src/cli/write-manifests.ts';
import type { KeySource } from '../../../src/operations/export/exported-key.ts';
import { recordedContext } from '../../support/context/run-context.ts';

const object = (kind: string, name: string): string =>
  JSON.stringify({ apiVersion: 'v1', kind, metadata: { name, namespace: 'shop' } });

function sourceOf(values: Readonly<Record<string, string>>): KeySource {
  return {
    async *keys() {
      for (const [key, value] of Object.entries(values)) {
        const facts = { createRevision: 1, modRevision: 1, version: 1, lease: 0n, leaseTtl: undefined };
        yield { key: Buffer.from(key), value: Buffer.from(value), ...facts };
      }
    },
  };
}

describe('manifests', () => {
  const shared = { style: 'clean', location: 'a store' } as const;

  it('are written for what can be decoded, and the rest is told', async () => {
    using home = makeTempDir();
    const path = home.join('m.yaml');
    const source = sourceOf({ '/registry/configmaps/shop/a': object('ConfigMap', 'a'), '/odd': 'text' });
    await assert.rejects(writeManifests({ ...shared, source, target: { kind: 'file', path } }, recordedContext()), {
      code: 'export_incomplete',
      message: /1 key holds no object that can be decoded: \/odd; all others are written/,
    });
    assert.match(readFileSync(path, 'utf8'), /^---\napiVersion: v1\nkind: ConfigMap\n/);
  });

  it('leave no file where nothing can be decoded', async () => {
    using home = makeTempDir();
    const path = home.join('m.yaml');
    const source = sourceOf({ '/odd': 'text' });
    await assert.rejects(writeManifests({ ...shared, source, target: { kind: 'file', path } }, recordedContext()), {
      code: 'export_incomplete',
      message: /1 key holds no object that can be decoded: \/odd; nothing is written/,
    });
    assert.equal(existsSync(path), false);
    assert.deepEqual(readdirSync(home.path), []);
  });
});
