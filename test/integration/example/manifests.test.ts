import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, it } from 'node:test';
import { parseAllDocuments } from 'yaml';
import { projectRoot } from '../../../scripts/lab/project-root.ts';
import { run } from '../../../scripts/lab/run.ts';
import { everyCommand } from '../../../src/cli/commands.ts';
import { placedOptions } from '../../../src/config/command-spec.ts';
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

interface PodSpec {
  readonly automountServiceAccountToken?: boolean;
  readonly securityContext?: { readonly seccompProfile?: { readonly type?: string } };
  readonly containers: readonly {
    readonly image: string;
    readonly args: readonly string[];
    readonly securityContext?: object;
    readonly volumeMounts: readonly { readonly mountPath: string; readonly readOnly?: boolean }[];
  }[];
}

/** What every pod in an object is made of. */
function podsIn(value: unknown): readonly PodSpec[] {
  if (typeof value !== 'object' || value === null) {
    return [];
  }
  return 'containers' in value ? [value as PodSpec] : Object.values(value).flatMap(podsIn);
}

const commands = await everyCommand();

/** Where a command writes: what its options name, or their defaults, and a store that is a directory. */
function writtenBy(args: readonly string[]): readonly string[] {
  const words = args.join(' ');
  const [found] = commands
    .filter(({ spec }) => `${words} `.startsWith(`${spec.name} `))
    .toSorted((a, b) => b.spec.name.length - a.spec.name.length);
  const given = (flag: string): string | undefined =>
    args.find((each) => each.startsWith(`--${flag}=`))?.slice(flag.length + 3);
  assert.ok(found !== undefined, words);
  return placedOptions(found.spec).flatMap(({ spec }) => {
    const isPlace = /(?:^|-)(?:temp-dir|temp-directory|temp-snapshots-dir|data-dir)$/.test(spec.flag);
    const value = given(spec.flag) ?? ('default' in spec ? spec.default : undefined);
    const isStore = spec.flag === 'store-container' && String(value).startsWith('/');
    return (isPlace || isStore) && typeof value === 'string' ? [resolve('/', value)] : [];
  });
}

describe('example/kubernetes', () => {
  for (const name of readdirSync(folder)) {
    it(`mounts a volume wherever something is written: ${name}`, () => {
      const pods = parseAllDocuments(readFileSync(`${folder}/${name}`, 'utf8')).flatMap((each) => podsIn(each.toJS()));
      const own = pods.flatMap(({ containers }) => containers.filter(({ image }) => image.startsWith('etcdbrctl:')));
      assert.ok(own.length > 0);
      for (const { args, volumeMounts } of own) {
        const writable = volumeMounts
          .filter(({ readOnly }) => readOnly !== true)
          .map(({ mountPath }) => mountPath.replace(/\/$/, ''));
        // Native modules are loaded from /tmp.
        const written = new Set([...writtenBy(args), '/tmp']);
        assert.deepEqual(
          [...written].filter((place) => !writable.some((mount) => `${place}/`.startsWith(`${mount}/`))),
          [],
        );
      }
    });
  }

  for (const name of readdirSync(folder)) {
    it(`gives pods no rights that they do not need: ${name}`, () => {
      const pods = parseAllDocuments(readFileSync(`${folder}/${name}`, 'utf8')).flatMap((each) => podsIn(each.toJS()));
      assert.ok(pods.length > 0);
      for (const { automountServiceAccountToken, securityContext, containers } of pods) {
        assert.equal(automountServiceAccountToken, false, 'a token of Kubernetes is of no use');
        assert.equal(securityContext?.seccompProfile?.type, 'RuntimeDefault');
        const own = containers.filter(({ image }) => image.startsWith('etcdbrctl:'));
        assert.ok(own.length > 0);
        for (const container of own) {
          assert.partialDeepStrictEqual(container.securityContext, {
            allowPrivilegeEscalation: false,
            // `make test-image` runs each of these commands so.
            readOnlyRootFilesystem: true,
            capabilities: { drop: ['ALL'] },
          });
        }
      }
    });
  }

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
