import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { makeTempDir } from '../../../scripts/lab/temp-dir.ts';
import { serverCommand } from '../../../src/cli/server.ts';
import { placedOptions } from '../../../src/config/command-spec.ts';
import { loadConfig } from '../../../src/config/load-config.ts';
import { UsageFailure } from '../../../src/config/usage-failure.ts';

async function loaded(text: string) {
  using dir = makeTempDir();
  const path = dir.join('config.yaml');
  writeFileSync(path, text);
  return await loadConfig(serverCommand.spec, { flags: new Map([['config-file', [path]]]), environment: {} });
}

/** The whole format, with a value of each key that is not its default. */
const everything = `
etcdConnectionConfig:
  endpoints: ["https://etcd-0:2379", "https://etcd-1:2379"]
  serviceEndpoints: ["https://etcd-client:2379"]
  username: root
  password: hunter2
  connectionTimeout: 10s
  snapshotTimeout: 9m
  defragTimeout: 7m
  insecureTransport: false
  insecureSkipVerify: true
  certFile: tls.crt
  keyFile: tls.key
  caFile: ca.crt
serverConfig:
  {port: 9090, listenAddress: "::1", enableProfiling: true, server-cert: s.crt, server-key: s.key, server-cacert: s.ca, authTokenFile: t, noUi: true}
snapshotterConfig:
  schedule: "0 */2 * * *"
  deltaSnapshotPeriod: 30s
  deltaSnapshotMemoryLimit: 10000000
  garbageCollectionPeriod: 2m
  garbageCollectionPolicy: LimitBased
  maxBackups: 8
  deltaSnapshotRetentionPeriod: 48h
  leftHistoryRetention: 24h
  pointInTimeWindow: 12h
snapstoreConfig:
  provider: Local
  container: backup
  prefix: etcd-test
  endpointOverride: http://minio:9000
  maxParallelChunkUploads: 6
  minChunkSize: 6000000
  tempDir: /scratch
secondarySnapstoreConfig:
  StoreConfig: {provider: S3, container: second, prefix: p, envPrefix: SECONDARY_, maxParallelChunkUploads: 2, minChunkSize: 7000000, tempDir: /t, endpointOverride: "https://s3"}
  backupSyncEnabled: true
  syncPeriod: 5m
compressionConfig: {enabled: false, policy: lzw, level: 5}
encryptionConfig: {recipients: [age1x], recipientFiles: [/r], identityFiles: [/i]}
restorationConfig:
  initialCluster: "a=http://a:2380"
  initialClusterToken: new
  restoreDataDir: /var/etcd
  tempDir: /restore
  name: a
  initialAdvertisePeerURLs: ["http://a:2380", "http://b:2380"]
  skipHashCheck: true
  maxFetchers: 4
  MaxTxnOps: 1
  MaxRequestBytes: 2
  maxCallSendMsgSize: 3
  embeddedEtcdQuotaBytes: 4294967296
  autoCompactionMode: revision
  autoCompactionRetention: 10m
defragmentationSchedule: "0 0 */2 * *"
useEtcdWrapper: true
etcdWrapperPort: 9096
verificationConfig: {schedule: '5 4 * * *'}
leaderElectionConfig: {reelectionPeriod: 6s, etcdConnectionTimeout: 7s}
healthConfig:
  snapshotLeaseRenewalEnabled: true
  memberLeaseRenewalEnabled: true
  heartbeatDuration: 40s
  fullSnapshotLeaseName: f
  deltaSnapshotLeaseName: d
exponentialBackoffConfig: {multiplier: 3, attemptLimit: 7, thresholdTime: 3m}
`;

describe('a configuration file', () => {
  it('gives every option that has a key', async () => {
    const { config, sources, warnings } = await loaded(everything);
    assert.deepEqual(warnings, []);
    const silent = placedOptions(serverCommand.spec)
      .filter(({ spec }) => spec.fileKeys !== undefined && spec.flag !== 'etcd-password-file')
      .filter(({ spec }) => sources.get(spec.flag)?.kind !== 'file')
      .map(({ spec }) => spec.flag);
    assert.deepEqual(silent, []);
    const { logging: _logging, embeddedEtcd: _embeddedEtcd, configFile: _configFile, server, ...rest } = config;
    assert.deepEqual(server, {
      port: 9090,
      listenAddress: '::1',
      authTokenFile: 't',
      noUi: true,
      certFile: 's.crt',
      keyFile: 's.key',
      caFile: 's.ca',
      enableProfiling: true,
      useEtcdWrapper: true,
      etcdWrapperPort: 9096,
    });
    assert.deepEqual(rest, {
      verification: { schedule: '5 4 * * *' },
      store: {
        provider: 'Local',
        container: 'backup',
        prefix: 'etcd-test',
        endpointOverride: 'http://minio:9000',
        maxParallelChunkUploads: 6,
        minChunkSize: 6_000_000,
        tempDir: '/scratch',
      },
      connection: {
        endpoints: ['https://etcd-0:2379', 'https://etcd-1:2379'],
        serviceEndpoints: ['https://etcd-client:2379'],
        username: 'root',
        password: 'hunter2',
        passwordFile: undefined,
        caFile: 'ca.crt',
        certFile: 'tls.crt',
        keyFile: 'tls.key',
        insecureTransport: false,
        insecureSkipVerify: true,
        connectionTimeoutMs: 10_000,
        snapshotTimeoutMs: 540_000,
        defragTimeoutMs: 420_000,
      },
      snapshotter: {
        schedule: '0 */2 * * *',
        deltaPeriodMs: 30_000,
        deltaMemoryLimit: 10_000_000,
        snapshotFrom: 'any',
        deltaSpoolLimit: 1_073_741_824,
        maxStoreOutageMs: 600_000,
      },
      compression: { enabled: false, policy: 'lzw', level: 5 },
      encryption: { encryptTo: ['age1x'], encryptToFiles: ['/r'] },
      identity: { identityFiles: ['/i'] },
      retention: {
        garbageCollectionPeriodMs: 120_000,
        policy: 'LimitBased',
        maxBackups: 8,
        deltaRetentionPeriodMs: 172_800_000,
        leftHistoryMs: 86_400_000,
        pointInTimeWindowMs: 43_200_000,
      },
      defragmentation: { schedule: '0 0 */2 * *' },
      backoff: { multiplier: 3, attemptLimit: 7, thresholdTimeMs: 180_000 },
      leaderElection: { reelectionPeriodMs: 6_000, connectionTimeoutMs: 7_000 },
      leases: { enabled: true, fullName: 'f', deltaName: 'd' },
      memberLease: { enabled: true, heartbeatMs: 40_000 },
      restoration: {
        dataDir: '/var/etcd',
        tempDir: '/restore',
        maxFetchers: 4,
        skipHashCheck: true,
        quotaBytes: 4_294_967_296,
      },
      member: {
        name: 'a',
        initialCluster: new Map([['a', ['http://a:2380']]]),
        initialClusterToken: 'new',
        initialAdvertisePeerUrls: ['http://a:2380', 'http://b:2380'],
      },
      secondary: {
        provider: 'S3',
        container: 'second',
        prefix: 'p',
        endpointOverride: 'https://s3',
        maxParallelChunkUploads: 2,
        minChunkSize: 7_000_000,
        tempDir: '/t',
        syncEnabled: true,
        syncPeriodMs: 300_000,
      },
    });
  });

  it('is refused when it holds a list where one value is expected', async () => {
    for (const text of [
      'restorationConfig: {initialCluster: ["a=http://x:2380", "b=http://y:2380"]}',
      'snapshotterConfig: {maxBackups: [1, 2]}',
    ]) {
      await assert.rejects(loaded(text), (error) => {
        assert.ok(error instanceof UsageFailure);
        assert.match(error.message, /it is a list where one value is expected/);
        return true;
      });
    }
  });

  it('prefers dataDir to the older restoreDataDir', async () => {
    const { config } = await loaded('restorationConfig: {restoreDataDir: old, dataDir: new}');
    assert.equal(config.restoration.dataDir, 'new');
  });

  it('may be empty, and keys may be null or in other capitals', async () => {
    assert.equal((await loaded('')).config.server.port, 8080);
    const { config } = await loaded('serverconfig: {Port: 1}\nsnapstoreConfig:\n  container: null\n  prefix:\n');
    assert.equal(config.server.port, 1);
    assert.equal(config.store.prefix, '');
  });

  it('may use anchors, merged sections and other spellings of true and false', async () => {
    const text = [
      'snapstoreConfig: &store {provider: Local, container: c, tempDir: /scratch}',
      'secondarySnapstoreConfig: {StoreConfig: {<<: *store, prefix: p}, backupSyncEnabled: on}',
      'serverConfig: {enableProfiling: yes}',
      'useEtcdWrapper: Off',
    ];
    const { config, warnings } = await loaded(text.join('\n'));
    assert.deepEqual(warnings, []);
    assert.equal(config.secondary.tempDir, '/scratch');
    assert.equal(config.secondary.prefix, 'p');
    assert.equal(config.secondary.syncEnabled, true);
    assert.equal(config.server.enableProfiling, true);
    assert.equal(config.server.useEtcdWrapper, false);
  });

  it('warns of keys that are no option', async () => {
    const { warnings } = await loaded('snapshotterConfig: {shedule: "* * * * *"}\nother: {x: 1}\n');
    assert.equal(warnings.length, 2);
    assert.match(
      warnings[0] ?? '',
      /^snapshotterConfig\.shedule in \S+ is not an option and is ignored; did you mean snapshotterConfig\.schedule\?$/,
    );
    assert.match(warnings[1] ?? '', /^other\.x in \S+ is not an option and is ignored$/);
  });

  it('warns where two of its keys give one option different values', async () => {
    const { config, warnings } = await loaded('restorationConfig: {restoreDataDir: /old, dataDir: /new}\n');
    assert.equal(config.restoration.dataDir, '/new');
    assert.equal(warnings.length, 1);
    assert.match(
      warnings[0] ?? '',
      /^restorationConfig\.dataDir and restorationConfig\.restoreDataDir in file \S+ have different values: restorationConfig\.dataDir counts$/,
    );
    assert.deepEqual((await loaded('restorationConfig: {restoreDataDir: /a, dataDir: /a}\n')).warnings, []);
    assert.deepEqual((await loaded('restorationConfig: {restoreDataDir: /a}\n')).warnings, []);
  });

  for (const [text, message] of [
    [
      'snapstoreConfig: {prefix: a, Prefix: b}',
      /: snapstoreConfig\.prefix and snapstoreConfig\.Prefix are one key with two values/,
    ],
    [
      'snapshotterConfig: {schedule: "0 0 30 2 *"}',
      /^cannot use snapshotterConfig\.schedule in file \S+ "0 0 30 2 \*": it never/,
    ],
    ['snapshotterConfig: {maxBackups: 99999999999999999999}', /"99999999999999999999": it is too large/],
    ['serverConfig: {enableProfiling: yes please}', /neither true nor false/],
    [
      'etcdConnectionConfig: {endpoints: [["http://a:1"]]}',
      /etcdConnectionConfig\.endpoints is neither a value nor a list/,
    ],
    ['- a\n- b\n', /it is not a mapping of sections/],
    ['serverConfig: [1, 2]', /^cannot read configuration file \S+: serverConfig is a section of keys, not a value/],
    ['snapstoreConfig: S3', /: snapstoreConfig is a section of keys, not a value/],
    ['SECONDARYSNAPSTORECONFIG: {storeconfig: true}', /SECONDARYSNAPSTORECONFIG\.storeconfig is a section of keys/],
    ['serverConfig: {port: {a: 1}}', /: serverConfig\.port is a section of keys, where a value is expected/],
    ['serverConfig: {port: {}}', /: serverConfig\.port is a section of keys, where a value is expected/],
    ['plain', /it is not a mapping of sections/],
    ['a: *missing', /^cannot read configuration file \S+: an alias has no anchor before it$/],
    ['a: 1\n---\nb: 2\n', /: it holds several documents, where one is expected at line 2, column 1$/],
    ['a: [', /^cannot read configuration file \S+: /],
    ['a: 1\na: 2\n', /Map keys must be unique/],
    ['a: "\\U00pass"', /: a backslash in double quotes begins no character; .+ single quotes at line 1, column \d+$/],
    ['a: @pass', /: a value that begins with such a character needs quotes at line 1, column 4$/],
    ['a: !pass! x', /: a value that begins with ! needs quotes at line 1, column 4$/],
    ['%YAML pass\n---\na: 1', /: it is not YAML at line 1, column 7$/],
  ] as const) {
    it(`is refused: ${JSON.stringify(text)}`, async () => {
      const error = await loaded(text).catch((reason: unknown) => reason);
      assert.ok(error instanceof UsageFailure, String(error));
      assert.match(error.message, message);
      assert.doesNotMatch(error.message, /\n|pass/);
    });
  }

  it('is refused when it is nested so deeply that no parser can follow', async () => {
    await assert.rejects(loaded('['.repeat(20_000)), /: it is nested too deeply at line 1, column \d+$/);
  });

  it('is refused when its aliases would fill the memory', async () => {
    const levels = [...'bcdefg'].map((name, at) => `${name}: &${name} [${`*${'abcdef'[at]},`.repeat(9)}]\n`);
    await assert.rejects(loaded(`a: &a [x]\n${levels.join('')}`), /: its aliases would fill the memory$/);
  });

  it('must exist', async () => {
    const flags = new Map([['config-file', ['/nonexistent/c.yaml']]]);
    const error = await loadConfig(serverCommand.spec, { flags, environment: {} }).catch((reason: unknown) => reason);
    assert.ok(error instanceof UsageFailure);
    assert.equal(error.message, 'cannot read configuration file /nonexistent/c.yaml: it does not exist');
  });
});
