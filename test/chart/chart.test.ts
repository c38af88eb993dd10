import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { before, describe, it } from 'node:test';
import { parse, parseAllDocuments } from 'yaml';
import { goVersion } from '../../scripts/lab/etcd-from-source.ts';
import { helmFromSource } from '../../scripts/lab/helm-from-source.ts';
import { projectRoot } from '../../scripts/lab/project-root.ts';
import { run } from '../../scripts/lab/run.ts';
import { chart, everyTls, providers, renderChart } from '../support/kube/chart.ts';
import { manifestFaults } from '../support/kube/manifest-faults.ts';

const tlsValues = everyTls({ ca: 'CA', crt: 'CERT', key: 'KEY' });
const { peer, ...etcdTls } = tlsValues.etcd;

interface Container {
  readonly image: string;
  readonly args: readonly string[];
  readonly volumeMounts: readonly { readonly name: string }[];
  readonly livenessProbe?: { readonly httpGet: { readonly scheme: string } };
  readonly readinessProbe: { readonly httpGet: { readonly scheme: string } };
}
/** As much of an object as is looked at here. */
interface Manifest {
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly data: Readonly<Record<string, string>>;
  readonly spec: {
    readonly template: {
      readonly spec: {
        readonly containers: readonly Container[];
        readonly initContainers?: readonly Container[];
        readonly volumes: readonly { readonly name: string }[];
      };
    };
  };
}

let helm = '';
const go = await goVersion();
before(async () => {
  helm = go === undefined ? '' : await helmFromSource();
});

async function rendered(values: object): Promise<readonly Manifest[]> {
  return parseAllDocuments(await renderChart(values)).flatMap((each) => {
    const value: unknown = each.toJS();
    return value === null ? [] : [value as Manifest];
  });
}

const named = (all: readonly Manifest[], kind: string, name: string): Manifest => {
  const found = all.find((each) => each.kind === kind && each.metadata.name === name);
  assert.ok(found, `${kind} ${name}`);
  return found;
};
const containersOf = (all: readonly Manifest[]): { readonly etcd: Container; readonly sidecar: Container } => {
  const [etcd, sidecar] = named(all, 'StatefulSet', 'main-etcd').spec.template.spec.containers;
  assert.ok(etcd !== undefined && sidecar !== undefined);
  return { etcd, sidecar };
};

interface Schema {
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly pattern?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
}
type Path = readonly string[];

/** Every value that the chart has, but those that belong to helm. */
function leavesOf(schema: Schema, path: Path = []): readonly { readonly path: Path; readonly schema: Schema }[] {
  return schema.properties === undefined
    ? [{ path, schema }]
    : Object.entries(schema.properties).flatMap(([name, each]) =>
        path.length === 0 && name === 'global' ? [] : leavesOf(each, [...path, name]),
      );
}

const defaults = (): object => parse(readFileSync(`${chart}/values.yaml`, 'utf8'));

/** Values with which this one counts. */
function contextOf(path: Path): object {
  const name = path.join('.');
  const provider = Object.entries(providers).find(([each]) => name.startsWith(`backup.${each.toLowerCase()}.`));
  const s3 = { storageProvider: 'S3', ...providers.S3 };
  const enabled = true;
  switch (true) {
    case provider !== undefined:
      return { backup: { storageProvider: provider[0], ...provider[1] } };
    case name.startsWith('images.change'):
      return { backup: { storageProvider: 'Local' } };
    case name === 'backup.maxBackups':
      return { backup: { ...s3, garbageCollectionPolicy: 'LimitBased' } };
    case name.startsWith('backup.tokenAuth.') && name !== 'backup.tokenAuth.enabled':
      return { backup: { ...s3, tokenAuth: { enabled } } };
    case name.startsWith('backup.'):
      return { backup: s3 };
    case name.startsWith('tls.'):
      return { tls: tlsValues };
    case name.startsWith('etcdAuth.'):
      return { etcdAuth: { username: 'u', password: 'p' } };
    case /^(?:networkPolicy|podDis|serviceMon|prometheusRule)/.test(name) && !name.endsWith('.enabled'):
      return { [path[0] ?? '']: { enabled } };
    default:
      return {};
  }
}

/** Another value than `current` that the schema has. */
function otherValue(path: Path, schema: Schema, current: unknown): unknown {
  const types = [schema.type ?? []].flat();
  if (path.at(-1) === 'clientsFrom') {
    return [{ podSelector: {} }];
  }
  if (path.at(-1) === 'emulatorEnabled') {
    return true;
  }
  if (schema.enum !== undefined) {
    return schema.enum.find((each) => each !== current && each !== '' && each !== null && each !== 0);
  }
  if (types.includes('boolean')) {
    return current !== true;
  }
  if (types.includes('integer') && !types.includes('string')) {
    return 1_234;
  }
  if (types.includes('object')) {
    return { zz: 'zz' };
  }
  const pattern = new RegExp(schema.pattern ?? '');
  return ['zz', '7m', '1 2 3 4 5', '7Gi'].find((each) => each !== current && pattern.test(each));
}

function valueAt(values: unknown, path: Path): unknown {
  return path.reduce<unknown>(
    (value, name) => (value as Readonly<Record<string, unknown>> | undefined)?.[name],
    values,
  );
}

function withValue(values: object, [name = '', ...rest]: Path, value: unknown): object {
  const inner = (values as Readonly<Record<string, object>>)[name] ?? {};
  return { ...values, [name]: rest.length === 0 ? value : withValue(inner, rest, value) };
}

describe('the chart', {
  skip: go === undefined ? 'there is no Go toolchain to build helm with; it runs where `go` is in the PATH' : false,
}, () => {
  for (const [storageProvider, backup] of Object.entries(providers)) {
    for (const replicas of [1, 3]) {
      for (const tls of [{}, tlsValues]) {
        it(`gives objects of Kubernetes for ${storageProvider || 'no store'}, ${replicas} members, TLS: ${tls === tlsValues}`, async () => {
          const switches = { enabled: true };
          const all = await rendered({
            replicas,
            backup: { storageProvider, ...backup },
            ...(tls === tlsValues ? { tls } : {}),
            networkPolicy: { ...switches, clientsFrom: [{ namespaceSelector: {} }] },
            podDisruptionBudget: switches,
            serviceMonitor: switches,
            prometheusRule: switches,
          });
          const faults = await Promise.all(all.map((each) => manifestFaults({ ...each })));
          assert.deepEqual(faults.flat(), []);
          const names = all.map((each) => `${each.kind} ${each.metadata.name}`);
          for (const name of [
            'StatefulSet main-etcd',
            'ConfigMap main-etcd-config',
            'Service main-etcd-client',
            'Service main-etcd-peer',
          ]) {
            assert.ok(names.includes(name), names.join());
          }
          assert.equal(names.includes('ServiceAccount main-etcd'), replicas > 1);
          assert.equal(names.includes('Secret main-etcd-backup'), !['', 'Local'].includes(storageProvider));
          assert.equal(names.filter((name) => /-tls$|-ca$/.test(name)).length, tls === tlsValues ? 8 : 0);
          // Every volume that is mounted is there.
          const { spec } = named(all, 'StatefulSet', 'main-etcd').spec.template;
          const volumes = new Set(['main-etcd', ...spec.volumes.map(({ name }) => name)]);
          for (const { volumeMounts } of [...spec.containers, ...(spec.initContainers ?? [])]) {
            for (const { name } of volumeMounts) {
              assert.ok(volumes.has(name), `${name} is mounted`);
            }
          }
        });
      }
    }
  }

  it('gives arguments that the program takes', async () => {
    for (const [storageProvider, backup] of Object.entries(providers)) {
      const all = await rendered({
        backup: { storageProvider, ...backup, garbageCollectionPolicy: 'LimitBased' },
        etcdAuth: { username: 'u', password: 'p' },
      });
      const args = containersOf(all).sidecar.args.filter((each) => !each.startsWith('--etcd-password-file'));
      const { stderr } = await run(
        `${projectRoot}bin/etcdbrctl-from-source`,
        [...args, '--print-config', '--etcd-password=p'],
        {
          env: { ...process.env, STORAGE_CONTAINER: 'bucket' },
        },
      );
      assert.doesNotMatch(stderr, /unknown|no effect/i);
    }
  });

  it('does not have the faults of its example', async () => {
    const ports = {
      etcd: { client: 3379, peer: 3380 },
      etcdBackupRestore: { server: 9080 },
      etcdWrapper: { server: 9096 },
    };
    const all = await rendered({
      servicePorts: ports,
      replicas: 3,
      tls: { etcdBackupRestore: tlsValues.etcdBackupRestore },
      backup: { storageProvider: 'OSS', ...providers.OSS },
    });
    const { etcd, sidecar } = containersOf(all);
    assert.ok(sidecar.args.includes('--server-port=9080') && sidecar.args.includes('--etcd-wrapper-port=9096'));
    assert.ok(etcd.args.includes('--etcd-client-port=3379') && etcd.args.includes('--etcd-wrapper-port=9096'));
    assert.equal(etcd.readinessProbe.httpGet.scheme, 'HTTP');
    assert.ok(etcd.volumeMounts.some(({ name }) => name === 'etcdbr-client-tls'));
    // A follower hands requests on to the leader, whose certificate need not be of etcd's authority.
    assert.ok(sidecar.args.includes('--server-cacert=/var/etcdbr/ssl/ca/bundle.crt'));
    assert.ok(sidecar.volumeMounts.some(({ name }) => name === 'etcdbr-ca'));
    assert.ok('storageEndpoint' in named(all, 'Secret', 'main-etcd-backup').data);
    const swift = await rendered({ backup: { storageProvider: 'Swift', ...providers.Swift } });
    assert.deepEqual(Object.keys(named(swift, 'Secret', 'main-etcd-backup').data).toSorted(), [
      'authURL',
      'domainName',
      'password',
      'region',
      'tenantName',
      'username',
    ]);
    const s3 = await rendered({ backup: { storageProvider: 'S3', ...providers.S3 } });
    assert.ok('sseCustomerKey' in named(s3, 'Secret', 'main-etcd-backup').data);
    const gcs = await rendered({ backup: { storageProvider: 'GCS', ...providers.GCS } });
    assert.equal(named(gcs, 'Secret', 'main-etcd-backup').data['projectID'], btoa('p'));
  });

  for (const replicas of [1, 3]) {
    it(`is what example/kubernetes/statefulset-${replicas}.yaml shows`, async () => {
      const settings = [`replicas=${replicas}`, 'backup.storageProvider=S3', 'backup.storageContainer=etcd-backup'];
      const set = [...settings, 'backup.existingSecret=etcd-backup'].flatMap((each) => ['--set', each]);
      const { stdout } = await run(helm, ['template', 'etcd-main', chart, '--namespace', 'etcd', ...set]);
      const objects = (text: string): unknown => parseAllDocuments(text).map((each) => each.toJS());
      const shown = readFileSync(`${projectRoot}example/kubernetes/statefulset-${replicas}.yaml`, 'utf8');
      assert.deepEqual(objects(shown), objects(stdout));
    });
  }

  for (const storageProvider of Object.keys(providers).filter((each) => !['', 'Local'].includes(each))) {
    it(`takes the credentials for ${storageProvider} from a secret that is there`, async () => {
      const all = await rendered({ backup: { storageProvider, existingSecret: 'mine' } });
      assert.deepEqual((await Promise.all(all.map((each) => manifestFaults({ ...each })))).flat(), []);
      assert.ok(!all.some(({ kind }) => kind === 'Secret'));
      const { sidecar } = containersOf(all);
      const pod = JSON.stringify(named(all, 'StatefulSet', 'main-etcd'));
      assert.ok(pod.includes('{"name":"mine"') || pod.includes('"name":"mine"}'), pod);
      assert.ok(!pod.includes('main-etcd-backup'), pod);
      assert.ok(sidecar.args.includes(`--storage-provider=${storageProvider}`));
    });
  }

  it('leaves no value without an effect', async () => {
    const bases = new Map<string, Promise<string>>();
    const base = (values: object): Promise<string> => {
      const key = JSON.stringify(values);
      const made = bases.get(key) ?? renderChart(values);
      bases.set(key, made);
      return made;
    };
    const without: string[] = [];
    for (const { path, schema } of leavesOf(JSON.parse(readFileSync(`${chart}/values.schema.json`, 'utf8')))) {
      const values = contextOf(path);
      const before = await base(values);
      const changed = withValue(
        values,
        path,
        otherValue(path, schema, valueAt(values, path) ?? valueAt(defaults(), path)),
      );
      // Refused is an effect.
      const after = await renderChart(changed).catch(String);
      if (after === before) {
        without.push(path.join('.'));
      }
    }
    assert.deepEqual(without, []);
  });

  it('takes an emulator of Google for what it is: without credentials, and at an http endpoint only', async () => {
    const endpoint = 'http://fake-gcs:4443';
    for (const [gcs, endpointOverride] of [
      [{ emulatorEnabled: true, storageAPIEndpoint: endpoint }, ''],
      [{ emulatorEnabled: 'true', serviceAccountJson: '{}' }, endpoint],
    ] as const) {
      const all = await rendered({ backup: { storageProvider: 'GCS', gcs, endpointOverride } });
      assert.deepEqual((await Promise.all(all.map((each) => manifestFaults({ ...each })))).flat(), []);
      const { sidecar } = containersOf(all);
      assert.ok(sidecar.args.includes(`--store-endpoint-override=${endpoint}`), sidecar.args.join('\n'));
      const text = JSON.stringify(all);
      assert.doesNotMatch(text, /GOOGLE_APPLICATION_CREDENTIALS|etcd-backup-secret|main-etcd-backup/);
    }
    const given = { serviceAccountJson: '{}' };
    const usual = containersOf(await rendered({ backup: { storageProvider: 'GCS', gcs: given } })).sidecar.args;
    assert.ok(!usual.some((each) => each.startsWith('--store-endpoint-override')), usual.join('\n'));
    await assert.rejects(
      rendered({ backup: { storageProvider: 'GCS', gcs: { ...given, emulatorEnabled: true } } }),
      /backup\.gcs\.emulatorEnabled: an emulator is reached at an http:\/\/ endpoint, and none is given: give it as backup\.gcs\.storageAPIEndpoint/,
    );
    await assert.rejects(
      rendered({
        backup: { storageProvider: 'GCS', gcs: { ...given, emulatorEnabled: true, storageAPIEndpoint: 'https://a' } },
      }),
      /backup\.gcs\.emulatorEnabled: an emulator is reached at an http:\/\/ endpoint, and https:\/\/a is given/,
    );
    await assert.rejects(
      rendered({
        backup: { storageProvider: 'GCS', gcs: { ...given, emulatorEnabled: false, storageAPIEndpoint: endpoint } },
      }),
      /backup\.gcs\.emulatorEnabled: it is false, and what is at http:\/\/fake-gcs:4443 would be taken for an emulator/,
    );
  });

  it('finds an emulator of Azure by its domain, with the account in the path', async () => {
    const abs = { ...providers.ABS.abs, domain: 'azurite:10000', emulatorEnabled: true };
    const all = await rendered({ backup: { storageProvider: 'ABS', abs } });
    const { sidecar } = containersOf(all);
    assert.ok(sidecar.args.includes('--store-endpoint-override=http://azurite:10000/a'), sidecar.args.join('\n'));
    const { domain: _, ...nowhere } = abs;
    await assert.rejects(
      rendered({ backup: { storageProvider: 'ABS', abs: nowhere } }),
      /backup\.abs\.emulatorEnabled: an emulator is reached at an http:\/\/ endpoint, and none is given: give backup\.abs\.domain/,
    );
  });

  for (const [title, tls] of [
    ['etcd alone', { etcd: etcdTls }],
    ['peers alone', { etcd: { peer } }],
    ['the sidecars alone', { etcdBackupRestore: tlsValues.etcdBackupRestore }],
  ] as const) {
    it(`has TLS for ${title}`, async () => {
      const all = await rendered({ replicas: 3, tls });
      assert.deepEqual((await Promise.all(all.map((each) => manifestFaults({ ...each })))).flat(), []);
      const { etcd, sidecar } = containersOf(all);
      const config = parse(named(all, 'ConfigMap', 'main-etcd-config').data['etcd.conf.yaml'] ?? '');
      const isEtcd = title === 'etcd alone';
      assert.equal(new URL(config['listen-client-urls']).protocol, isEtcd ? 'https:' : 'http:');
      assert.equal(new URL(config['listen-peer-urls']).protocol, title === 'peers alone' ? 'https:' : 'http:');
      assert.equal('client-transport-security' in config, isEtcd);
      assert.equal('peer-transport-security' in config, title === 'peers alone');
      assert.equal(sidecar.args.includes('--insecure-transport=true'), !isEtcd);
      assert.equal(etcd.readinessProbe.httpGet.scheme, isEtcd ? 'HTTPS' : 'HTTP');
      const isSidecar = title === 'the sidecars alone';
      assert.ok(etcd.args.includes(`--backup-restore-tls-enabled=${isSidecar}`));
      assert.equal(sidecar.livenessProbe?.httpGet.scheme, isSidecar ? 'HTTPS' : 'HTTP');
      const { volumes } = named(all, 'StatefulSet', 'main-etcd').spec.template.spec;
      const there = new Set(['main-etcd', ...volumes.map(({ name }) => name)]);
      for (const { name } of [...etcd.volumeMounts, ...sidecar.volumeMounts]) {
        assert.ok(there.has(name), `${name} is mounted`);
      }
    });
  }

  it('takes odd values as they are meant', async () => {
    const all = await rendered({
      images: { etcdBackupRestore: { tag: 20_261_127 } },
      memberNamePrefix: '123',
      storageClassName: '10',
      autoCompaction: { mode: 'revision', retentionLength: 1_000 },
      podAnnotations: { 'a/b': 'true' },
      etcdAuth: { username: 'a: b # c', password: 'p: "q"' },
      backup: {
        storageProvider: 'S3',
        existingSecret: 'mine',
        schedule: 'TZ=Europe/Berlin 5 */1 * * *',
        verificationSchedule: 'off',
        endpointOverride: 'https://s3.example/?a=b #c',
        deltaSnapshotMemoryLimit: 1_073_741_824,
      },
    });
    assert.deepEqual((await Promise.all(all.map((each) => manifestFaults({ ...each })))).flat(), []);
    const { sidecar } = containersOf(all);
    assert.equal(sidecar.image, 'etcdbrctl:20261127');
    for (const arg of [
      '--etcd-username=a: b # c',
      '--schedule=TZ=Europe/Berlin 5 */1 * * *',
      '--verification-schedule=off',
      '--store-endpoint-override=https://s3.example/?a=b #c',
      '--auto-compaction-retention=1000',
      '--delta-snapshot-memory-limit=1073741824',
    ]) {
      assert.ok(sidecar.args.includes(arg), `${arg} in ${sidecar.args.join('\n')}`);
    }
    assert.equal(atob(named(all, 'Secret', 'main-etcd-auth').data['password'] ?? ''), 'p: "q"');
    const config = parse(named(all, 'ConfigMap', 'main-etcd-config').data['etcd.conf.yaml'] ?? '');
    assert.equal(config['member-name-prefix'], '123');
    assert.ok(!all.some(({ kind, metadata }) => kind === 'Secret' && metadata.name === 'main-etcd-backup'));
  });

  for (const [title, values, message] of [
    ['two members', { replicas: 2 }, /replicas/],
    ['a store that there is not', { backup: { storageProvider: 's3' } }, /at '\/backup\/storageProvider'/],
    ['a key that there is not', { backup: { schedul: 'x' } }, /'schedul' not allowed/],
    ['a time without a unit', { backup: { deltaSnapshotPeriod: '60' } }, /at '\/backup\/deltaSnapshotPeriod'/],
    ['a schedule of one word', { backup: { schedule: 'hourly' } }, /at '\/backup\/schedule'/],
    ['a schedule of six fields', { backup: { schedule: '0 0 * * * *' } }, /at '\/backup\/schedule'/],
    ['an authority without certificates', { tls: { etcd: { ca: 'x' } } }, /at '\/tls\/etcd'/],
    [
      'a certificate without its key',
      { tls: { etcdBackupRestore: { ca: 'x', server: { crt: 'x' } } } },
      /at '\/tls\/etcdBackupRestore\/server': missing property 'key'/,
    ],
    ['a user without a password', { etcdAuth: { username: 'u' } }, /etcdAuth/],
    ['an annotation that is no text', { podAnnotations: { a: true } }, /at '\/podAnnotations\/a'/],
    [
      'a version that YAML takes for a number',
      { images: { etcdWrapper: { tag: 1.1 } } },
      /at '\/images\/etcdWrapper\/tag'/,
    ],
    ['a size in words', { storageCapacity: '20 GB' }, /storageCapacity/],
    ['a container with a slash before it', { backup: { storageContainer: '/backup' } }, /storageContainer/],
    [
      'one port for two',
      { servicePorts: { etcdBackupRestore: { server: 2379 } } },
      /servicePorts: the ports of one pod have to differ, and are 2379, 2380, 2379, 9095/,
    ],
    [
      'a store without credentials',
      { backup: { storageProvider: 'S3' } },
      /backup\.s3: there are no credentials for S3: give its fields, or the name of a secret as backup\.existingSecret/,
    ],
    [
      'a secret for a store that needs none',
      { backup: { storageProvider: 'Local', existingSecret: 'mine' } },
      /backup\.existingSecret: a secret is of no use/,
    ],
  ] as const) {
    it(`refuses ${title}, and says where`, async () => {
      await assert.rejects(rendered(values), message);
    });
  }
});
