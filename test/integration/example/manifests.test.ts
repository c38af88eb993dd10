import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { parseAllDocuments } from 'yaml';
import { projectRoot } from '../../../scripts/lab/project-root.ts';
import { run } from '../../../scripts/lab/run.ts';
import { manifestFaults } from '../../support/kube/manifest-faults.ts';

const folder = `${projectRoot}example/kubernetes`;

/** Arguments of every container of ours in an object. */
function commandLines(value: unknown): readonly (readonly string[])[] {
  if (typeof value !== 'object' || value === null) {
    return [];
  }
  const { image, args } = value as { readonly image?: unknown; readonly args?: readonly string[] };
  const own = String(image).startsWith('etcdbrctl:') && args !== undefined ? [args] : [];
  return [...own, ...Object.values(value).flatMap(commandLines)];
}

describe('example/kubernetes', () => {
  for (const name of readdirSync(folder)) {
    it(`holds objects of Kubernetes, with arguments that the program takes: ${name}`, async () => {
      const objects = parseAllDocuments(readFileSync(`${folder}/${name}`, 'utf8')).flatMap((each) => each.toJS() ?? []);
      assert.ok(objects.length > 0);
      assert.deepEqual((await Promise.all(objects.map(manifestFaults))).flat(), []);
      const lines = objects.flatMap(commandLines);
      assert.ok(lines.length > 0);
      for (const line of lines) {
        // It refuses what it does not take.
        await run(`${projectRoot}bin/etcdbrctl-from-source`, [...line, '--print-config'], {
          env: { ...process.env, STORAGE_CONTAINER: 'bucket' },
        });
      }
    });
  }

  it('is refused where the schemas do not have it', async () => {
    const service = { apiVersion: 'v1', kind: 'Service', spec: { ports: [{ port: '80', nane: 'x' }] } };
    assert.deepEqual((await manifestFaults(service)).toSorted(), [
      'Service.spec.ports[0].nane does not exist',
      'Service.spec.ports[0].port is "80", no number',
    ]);
    assert.deepEqual(await manifestFaults({ apiVersion: 'v1', kind: 'Nothing' }), ['v1 Nothing is not known']);
  });
});
