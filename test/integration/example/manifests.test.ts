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

  it('restores and verifies what the StatefulSet of one member backs up', () => {
    const [set, job, proof] = ['statefulset-1', 'restore-job', 'verify-cronjob'].map((name) =>
      parseAllDocuments(readFileSync(`${folder}/${name}.yaml`, 'utf8')).flatMap((each) => each.toJS() ?? []),
    );
    assert.ok(set !== undefined && job !== undefined && proof !== undefined);
    const [server = [], restore = [], verify = []] = [set, job, proof].map(
      (objects) => objects.flatMap(commandLines)[0],
    );
    const text = JSON.stringify(set);
    const flag = (line: readonly string[], name: string): string | undefined =>
      line.find((each) => each.startsWith(`--${name}=`))?.slice(name.length + 3);
    for (const line of [restore, verify]) {
      assert.equal(flag(line, 'store-prefix'), flag(server, 'store-prefix'));
      assert.equal(flag(line, 'storage-provider'), flag(server, 'storage-provider'));
      assert.ok(text.includes(`"STORAGE_CONTAINER","value":"${flag(line, 'store-container')}"`));
    }
    const stateful = set.find(({ kind }) => kind === 'StatefulSet');
    const member = `${stateful.metadata.name}-0`;
    assert.equal(flag(restore, 'data-dir'), flag(server, 'data-dir'));
    assert.equal(flag(restore, 'name'), member);
    assert.ok(
      text.includes(`initial-cluster: ${flag(restore, 'initial-cluster')}\\n`),
      flag(restore, 'initial-cluster'),
    );
    assert.equal(flag(restore, 'initial-cluster'), `${member}=${flag(restore, 'initial-advertise-peer-urls')}`);
    const claim = `${stateful.spec.volumeClaimTemplates[0].metadata.name}-${member}`;
    assert.ok(JSON.stringify(job).includes(`"claimName":"${claim}"`), claim);
    for (const [object] of [job, proof]) {
      assert.equal(object.metadata.namespace, stateful.metadata.namespace);
      assert.ok(JSON.stringify(object).includes('"secretName":"etcd-backup"') && text.includes('"name":"etcd-backup"'));
    }
  });

  it('is refused where the schemas do not have it', async () => {
    const service = { apiVersion: 'v1', kind: 'Service', spec: { ports: [{ port: '80', nane: 'x' }] } };
    assert.deepEqual((await manifestFaults(service)).toSorted(), [
      'Service.spec.ports[0].nane does not exist',
      'Service.spec.ports[0].port is "80", no number',
    ]);
    assert.deepEqual(await manifestFaults({ apiVersion: 'v1', kind: 'Nothing' }), ['v1 Nothing is not known']);
  });
});
