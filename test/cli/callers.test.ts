import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { describe, it } from 'node:test';
import { parse } from 'yaml';
import { providerNames } from '../../src/snapstore/provider-name.ts';
import { startInProcess } from '../support/cli/run-in-process.ts';
import { makeRig } from './rig.ts';

/** What etcd-druid always passes to the container of the sidecar; the Etcd resource is silent. */
const always = [
  '--server-port=8080',
  '--etcd-defrag-timeout=15m',
  '--auto-compaction-mode=periodic',
  '--auto-compaction-retention=30m',
  '--endpoints=http://etcd-main-local:2379',
  '--data-dir=/var/etcd/data/new.etcd',
  '--restoration-temp-snapshots-dir=/var/etcd/data/restoration.temp',
  '--snapstore-temp-directory=/var/etcd/data/temp',
  '--etcd-connection-timeout=5m',
  '--use-etcd-wrapper=true',
  '--embedded-etcd-quota-bytes=8589934592',
];

const store = [
  '--storage-provider=S3',
  '--store-prefix=',
  '--delta-snapshot-memory-limit=104857600',
  '--garbage-collection-policy=LimitBased',
  '--max-backups=7',
  '--compress-snapshots=true',
  '--compression-policy=gzip',
  '--etcd-snapshot-timeout=15m',
];

const runtimeComponents = [
  '--enable-snapshot-lease-renewal=true',
  '--full-snapshot-lease-name=etcd-main-full-snap',
  '--delta-snapshot-lease-name=etcd-main-delta-snap',
  '--service-endpoints=http://etcd-main-client:2379,http://source-client:2379',
  '--enable-member-lease-renewal=true',
  '--k8s-heartbeat-duration=10s',
];

const whenSet = [
  '--store-endpoint-override=https://s3.example',
  '--schedule=0 */24 * * *',
  '--delta-snapshot-period=5m0s',
  '--delta-snapshot-retention-period=360h0m0s',
  '--garbage-collection-period=12h0m0s',
  '--defragmentation-schedule=0 0 */3 * *',
  '--enable-profiling=true',
  '--etcd-connection-timeout-leader-election=5s',
  '--reelection-period=5s',
];

const withoutTls = ['--insecure-transport=true', '--insecure-skip-tls-verify=true'];

/** With client TLS the addresses of etcd are https. */
function secure(list: readonly string[]): readonly string[] {
  return list.map((word) => (/endpoints=/.test(word) ? word.replaceAll('http:', 'https:') : word));
}

const withTls = [
  '--cacert=/var/etcd/ssl/ca/ca.crt',
  '--cert=/var/etcd/ssl/client/tls.crt',
  '--key=/var/etcd/ssl/client/tls.key',
  '--insecure-transport=false',
  '--insecure-skip-tls-verify=false',
  '--server-cert=/var/etcdbr/ssl/server/tls.crt',
  '--server-key=/var/etcdbr/ssl/server/tls.key',
];

const bucket = { STORAGE_CONTAINER: 'etcd-bucket', SOURCE_STORAGE_CONTAINER: 'old-bucket' };

/** Argument lists of programs that start this one, and what must come of them, by key of the configuration file. */
const callers: readonly {
  readonly name: string;
  readonly arguments: readonly string[];
  readonly gives?: Readonly<Record<string, unknown>>;
}[] = [
  { name: 'etcd-druid without a store', arguments: ['server', ...always, ...withoutTls] },
  {
    name: 'etcd-druid with a store and an empty prefix',
    arguments: ['server', ...always, ...store, ...withoutTls],
    gives: { 'snapstoreConfig.prefix': '', 'snapstoreConfig.container': 'etcd-bucket' },
  },
  {
    name: 'etcd-druid with everything',
    arguments: ['server', ...secure([...always, ...store, ...runtimeComponents, ...whenSet]), ...withTls],
    gives: { 'snapshotterConfig.deltaSnapshotPeriod': '5m0s', 'snapshotterConfig.schedule': '0 */24 * * *' },
  },
  {
    name: "the compaction job's",
    arguments: [
      'compact',
      '--data-dir=/var/etcd/data/compaction.etcd',
      '--restoration-temp-snapshots-dir=/var/etcd/data/compaction.restoration.temp',
      '--snapstore-temp-directory=/var/etcd/data/tmp',
      '--metrics-scrape-wait-duration=0s',
      '--enable-snapshot-lease-renewal=true',
      '--full-snapshot-lease-name=etcd-main-full-snap',
      '--delta-snapshot-lease-name=etcd-main-delta-snap',
      '--embedded-etcd-quota-bytes=8589934592',
      '--etcd-defrag-timeout=15m',
      '--etcd-snapshot-timeout=15m',
      '--storage-provider=S3',
      '--store-prefix=v2/etcd-main',
      '--store-container=etcd-bucket',
      '--store-endpoint-override=https://s3.example',
    ],
  },
  {
    name: "the copy job's",
    arguments: [
      'copy',
      '--snapstore-temp-directory=/home/nonroot/data/tmp',
      '--storage-provider=S3',
      '--store-prefix=etcd-main',
      '--store-endpoint-override=https://s3.example',
      '--source-storage-provider=GCS',
      '--source-store-prefix=etcd-old',
      '--source-store-endpoint-override=https://gcs.example',
      '--max-backup-age=7',
      '--max-backups-to-copy=3',
      '--wait-for-final-snapshot=true',
      '--wait-for-final-snapshot-timeout=10m',
    ],
  },
  {
    name: "the Helm chart's",
    arguments: [
      'server',
      '--schedule=0 */1 * * *',
      '--defragmentation-schedule=0 0 */3 * *',
      '--max-backups=7',
      '--garbage-collection-policy=Exponential',
      '--endpoints=http://release-etcd-local:2379',
      '--service-endpoints=http://release-etcd-client:2379',
      '--etcd-connection-timeout=5m',
      '--etcd-snapshot-timeout=8m',
      '--etcd-defrag-timeout=8m',
      '--delta-snapshot-period=60s',
      '--delta-snapshot-memory-limit=104857600',
      '--garbage-collection-period=1m',
      '--storage-provider=S3',
      '--store-prefix=release-etcd',
      '--data-dir=/var/etcd/data/new.etcd',
      '--restoration-temp-snapshots-dir=/var/etcd/data/restoration.tmp',
      '--snapstore-temp-directory=/var/etcd/data/temp',
      '--embedded-etcd-quota-bytes=8589934592',
      '--compress-snapshots=true',
      '--compression-policy=gzip',
      '--auto-compaction-mode=periodic',
      '--auto-compaction-retention=30m',
      '--etcd-connection-timeout-leader-election=5s',
      '--reelection-period=5s',
      '--use-etcd-wrapper=true',
      '--etcd-username=root',
      '--etcd-password=secret',
      ...withoutTls,
    ],
  },
  {
    name: 'a manifest of an older release',
    arguments: [
      'server',
      '--etcd-endpoints=http://etcd:2379',
      '--delta-snapshot-period-seconds=300',
      '--garbage-collection-period-seconds=43200',
      '--defragmentation-period-hours=72',
      '--owner-name=owner.example',
      '--owner-id=1',
      '--owner-check-interval=30s',
      '--owner-check-timeout=2m',
      '--owner-check-dns-cache-ttl=1m',
      '--etcd-process-name=etcd',
      '--enable-etcd-member-gc=true',
      '--k8s-member-gc-duration=60s',
      '--next-cluster-version-compatible',
      '--experimental-fail-below-revision=1',
    ],
    gives: {
      'etcdConnectionConfig.endpoints': ['http://etcd:2379'],
      'snapshotterConfig.deltaSnapshotPeriod': '300s',
      'snapshotterConfig.garbageCollectionPeriod': '43200s',
      defragmentationSchedule: '@every 72h',
    },
  },
];

describe('the argument list of', () => {
  for (const caller of callers) {
    it(`${caller.name} is understood`, async () => {
      await using rig = makeRig();
      const run = await rig.run([...caller.arguments, '--print-config'], { env: bucket });
      assert.equal(run.exitCode, 0, run.stderr);
      const printed: unknown = parse(run.stdout);
      for (const [key, expected] of Object.entries(caller.gives ?? {})) {
        const value = key.split('.').reduce<unknown>((inner, name) => Reflect.get(inner as object, name), printed);
        assert.deepEqual(value, expected, key);
      }
    });
  }
});

describe('etcd-druid', () => {
  const without = (flag: string): readonly string[] => store.filter((word) => !word.startsWith(flag));
  const lists: readonly (readonly string[])[] = [
    ...providerNames.map((provider) => [`--storage-provider=${provider}`, ...without('--storage-provider')]),
    [
      '--garbage-collection-policy=Exponential',
      ...without('--garbage-collection').filter((word) => !/max-backups/.test(word)),
    ],
    ...['gzip', 'lzw', 'zlib'].map((policy) => [...without('--compression-policy'), `--compression-policy=${policy}`]),
    ['--compress-snapshots=false', ...without('--compress')],
    ['--auto-compaction-mode=revision', '--auto-compaction-retention=1000', ...store],
    ...whenSet.map((flag) => [...store, flag]),
  ];

  it('is understood with each store, policy and option that it may pass', async () => {
    const environment = { HOME: '/home/nonroot', ...bucket };
    for (const list of lists) {
      const words = ['server', ...always, ...list, ...withoutTls, '--print-config'];
      const { exitCode, stderr, stdout } = await startInProcess(words, environment).ended;
      assert.equal(exitCode, 0, `${list.join(' ')}: ${stderr}`);
      const [, provider] = /--storage-provider=(\S+)/.exec(list.join(' ')) ?? [];
      assert.equal(Reflect.get(parse(stdout).snapstoreConfig, 'provider'), provider);
    }
  });
});

describe('a flag of an older release', () => {
  it('is warned about once, without the value it had', async () => {
    await using rig = makeRig();
    mkdirSync(rig.home.join('store'));
    const args = [
      '--storage-provider=Local',
      `--store-container=${rig.home.join('store')}`,
      '-d',
      rig.home.join('data'),
    ];
    const old = ['--owner-name=secret', '--experimental-fail-below-revision=5'];
    const run = await rig.run(['initialize', ...args, ...old]);
    assert.equal(run.exitCode, 0, run.stderr);
    assert.equal(run.stderr.match(/--owner-name has no effect any more: remove it/g)?.length, 1, run.stderr);
    assert.equal(run.stderr.includes('secret'), false);
  });
});
