import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { makeTempDir } from '../../../scripts/lab/temp-dir.ts';
import { commands } from '../../../src/cli/commands.ts';
import { copyCommand } from '../../../src/cli/copy.ts';
import { restoreCommand } from '../../../src/cli/restore.ts';
import { serverCommand } from '../../../src/cli/server.ts';
import { snapshotCommand } from '../../../src/cli/snapshot.ts';
import { placedOptions } from '../../../src/config/command-spec.ts';
import { loadConfig } from '../../../src/config/load-config.ts';
import { environmentName, type OptionSpec, type ParsedTexts } from '../../../src/config/option.ts';
import { isParsed, textParsers } from '../../../src/config/text-rules.ts';
import { UsageFailure } from '../../../src/config/usage-failure.ts';
import type { MembershipPlan } from '../../../src/datadir/membership/bootstrap.ts';
import type { EtcdConnectionOptions } from '../../../src/etcd/cluster.ts';
import type { Environment } from '../../../src/runtime/environment.ts';

function flags(given: Readonly<Record<string, string | readonly string[]>>): ReadonlyMap<string, readonly string[]> {
  return new Map(Object.entries(given).map(([flag, text]) => [flag, typeof text === 'string' ? [text] : text]));
}

async function usageError(promise: Promise<unknown>): Promise<string> {
  const error = await promise.then(
    () => assert.fail('nothing was refused'),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof UsageFailure, String(error));
  assert.equal(error.exitCode, 2);
  return error.message;
}

function snapshotWith(given: Readonly<Record<string, string | readonly string[]>>, environment: Environment = {}) {
  return loadConfig(snapshotCommand.spec, { flags: flags(given), environment });
}

describe('a finished configuration', () => {
  it('has the defaults when nothing is given', async () => {
    const { config } = await snapshotWith({});
    assert.deepEqual(config.snapshotter, {
      schedule: '0 */1 * * *',
      deltaPeriodMs: 20_000,
      deltaMemoryLimit: 10_485_760,
      snapshotFrom: 'any',
      deltaSpoolLimit: 1_073_741_824,
      maxStoreOutageMs: 600_000,
    });
    assert.equal(config.store.provider, undefined);
    assert.equal(config.store.prefix, '');
    assert.equal(config.connection.password, undefined);
    assert.equal(config.connection.insecureSkipVerify, false);
  });

  it('fits the types of the operations it is for', async () => {
    const snapshot = await snapshotWith({});
    const connection: EtcdConnectionOptions = snapshot.config.connection;
    assert.deepEqual(connection.endpoints, ['http://127.0.0.1:2379']);
    const restore = await loadConfig(restoreCommand.spec, { flags: new Map(), environment: {} });
    const member: MembershipPlan = restore.config.member;
    assert.deepEqual(member.initialAdvertisePeerUrls, ['http://localhost:2380']);
  });

  it('takes every option of every command from the environment', async () => {
    for (const { spec } of commands) {
      for (const { group, name, spec: option } of placedOptions(spec)) {
        const { text, value } = example(option);
        // Options that need each other are given together.
        const companions: Environment = {
          ETCDBRCTL_CERT: 'cert.pem',
          ETCDBRCTL_KEY: 'key.pem',
          ETCDBRCTL_SERVER_CERT: 'cert.pem',
          ETCDBRCTL_SERVER_KEY: 'key.pem',
          ETCDBRCTL_ETCD_USERNAME: 'root',
          ETCDBRCTL_ONCE: 'true',
          ETCDBRCTL_ETCD_SNAPSHOT_TIMEOUT: '100h',
          ETCDBRCTL_BUMP_REVISION: '1',
          ETCDBRCTL_MARK_COMPACTED: 'true',
          STORAGE_CONTAINER: 'c',
          SOURCE_STORAGE_CONTAINER: 'c',
          SECONDARY_STORAGE_CONTAINER: 'c',
          ETCDBRCTL_SECONDARY_STORAGE_PROVIDER: 'Local',
        };
        if (option.flag === 'config-file') {
          continue;
        }
        const environment = { ...companions, [environmentName(option.flag)]: text };
        const { config, sources } = await loadConfig(spec, { flags: new Map(), environment });
        assert.deepEqual(config[group]?.[name], value, `${spec.name} ${option.flag}`);
        assert.equal(sources.get(option.flag)?.kind, 'environment');
      }
    }
  });
});

/** A text for an option that differs from its default, and its value. */
function example(option: OptionSpec): { readonly text: string; readonly value: unknown } {
  switch (option.type) {
    case 'bool':
      return { text: String(!option.default), value: !option.default };
    case 'duration':
      return { text: '1h1m', value: 3_660_000 };
    case 'int':
    case 'uint':
    case 'uint32': {
      const value = Math.max(option.min ?? 0, 1) + 1;
      return { text: String(value), value };
    }
    case 'string': {
      const text = option.choices?.at(-1) ?? (option.rule === undefined ? 'x' : ruleExamples[option.rule]);
      return { text, value: isParsed(option.rule) ? textValue(option.rule, text) : text };
    }
    case 'strings':
    case 'stringArray':
      return { text: 'http://a:1,http://b:2', value: ['http://a:1', 'http://b:2'] };
    default:
      return option satisfies never;
  }
}

function textValue(rule: keyof ParsedTexts, text: string): unknown {
  const reading = textParsers[rule](text);
  return 'value' in reading ? reading.value : undefined;
}

const ruleExamples = {
  url: 'http://h:1',
  'etcd endpoint': 'http://h:1',
  'peer url': 'http://h:1',
  'initial cluster': 'a=http://h:1',
  cron: '1 2 3 4 5',
  'not empty': 'x',
  'lease ttl': 'strip',
  time: '2026-11-21T09:30:00Z',
} as const;

describe('precedence', () => {
  it('is flag, environment, file, plain variable, default', async () => {
    using dir = makeTempDir();
    const file = dir.join('config.yaml');
    writeFileSync(file, 'snapstoreConfig:\n  container: from-file\n  prefix: from-file\n  tempDir: /from-file\n');
    const { config, sources } = await loadConfig(serverCommand.spec, {
      flags: flags({ 'config-file': file, 'store-container': 'from-flag' }),
      environment: {
        ETCDBRCTL_STORE_CONTAINER: 'from-environment',
        ETCDBRCTL_STORE_PREFIX: 'from-environment',
        STORAGE_CONTAINER: 'from-plain',
        SECONDARY_STORAGE_CONTAINER: 'from-secondary',
      },
    });
    assert.equal(config.store.container, 'from-flag');
    assert.equal(config.store.prefix, 'from-environment');
    assert.equal(config.store.tempDir, '/from-file');
    assert.equal(config.secondary.container, 'from-secondary');
    assert.equal(config.server.port, 8080);
    assert.deepEqual(sources.get('snapstore-temp-directory'), {
      kind: 'file',
      path: file,
      key: 'snapstoreConfig.tempDir',
    });
  });

  it('takes the plain variable of the container only when nothing else gives one', async () => {
    const environment = { STORAGE_CONTAINER: 'plain' };
    assert.equal((await snapshotWith({}, environment)).config.store.container, 'plain');
    assert.equal((await snapshotWith({ 'store-container': 'flag' }, environment)).config.store.container, 'flag');
  });

  it('does not look at a value that loses', async () => {
    const { config } = await snapshotWith({ 'max-backups': '3' }, { ETCDBRCTL_MAX_BACKUPS: 'many' });
    assert.equal(config.retention.maxBackups, 3);
  });

  it('takes an empty variable as not set', async () => {
    const { config } = await snapshotWith({}, { ETCDBRCTL_MAX_BACKUPS: '', STORAGE_CONTAINER: '' });
    assert.equal(config.retention.maxBackups, 7);
    assert.equal(config.store.container, undefined);
  });

  it('lets the last of several flags win, and adds up lists', async () => {
    const { config } = await snapshotWith({
      schedule: ['0 1 * * *', '0 2 * * *'],
      endpoints: ['http://a:1,http://b:2', 'http://c:3'],
    });
    assert.equal(config.snapshotter.schedule, '0 2 * * *');
    assert.deepEqual(config.connection.endpoints, ['http://a:1', 'http://b:2', 'http://c:3']);
  });
});

describe('special values', () => {
  it('a zero or an empty text means the default where the reference program has it so', async () => {
    const { config } = await snapshotWith({ 'delta-snapshot-memory-limit': '0', 'snapstore-temp-directory': '' });
    assert.equal(config.snapshotter.deltaMemoryLimit, 10_485_760);
    assert.equal(config.store.tempDir, '/tmp');
  });

  it('a number that means none is undefined, given or not', async () => {
    const copyWith = (given: Readonly<Record<string, string>>) =>
      loadConfig(copyCommand.spec, { flags: flags(given), environment: {} });
    const none = { maxBackups: undefined, maxBackupAgeDays: undefined, waitForFinalTimeoutMs: undefined };
    const of = async (given: Readonly<Record<string, string>>) => {
      const { maxBackups, maxBackupAgeDays, waitForFinalTimeoutMs } = (await copyWith(given)).config.copy;
      return { maxBackups, maxBackupAgeDays, waitForFinalTimeoutMs };
    };
    assert.deepEqual(await of({}), none);
    assert.deepEqual(await of({ 'max-backups-to-copy': '-1', 'wait-for-final-snapshot-timeout': '0s' }), none);
    assert.deepEqual(await of({ 'max-backups-to-copy': '0', 'wait-for-final-snapshot-timeout': '1m' }), {
      ...none,
      maxBackups: 0,
      waitForFinalTimeoutMs: 60_000,
    });
  });

  it('times and times to live are parsed, defaults too', async () => {
    const restoreWith = (given: Readonly<Record<string, string>>) =>
      loadConfig(restoreCommand.spec, { flags: flags(given), environment: {} });
    const plain = await restoreWith({});
    assert.deepEqual(plain.config.changes.unknownLeases, { kind: 'grant', ttlSeconds: 3_600 });
    assert.equal(plain.config.target.toTime, undefined);
    assert.equal(plain.config.target.toRevision, undefined);
    const given = await restoreWith({ 'unknown-lease-ttl': 'strip', 'to-time': '1970-01-01T00:00:01.5Z' });
    assert.deepEqual(given.config.changes.unknownLeases, { kind: 'strip' });
    assert.deepEqual(given.config.target.toTime, { seconds: 1, nanos: 500_000_000 });
  });

  it('log levels may be named', async () => {
    assert.equal((await snapshotWith({ 'log-level': 'debug' })).config.logging.level, 5);
    assert.equal((await snapshotWith({ 'log-level': '2' })).config.logging.level, 2);
  });

  it('a named schedule becomes five fields', async () => {
    assert.equal((await snapshotWith({ schedule: '@daily' })).config.snapshotter.schedule, '0 0 * * *');
  });
});

describe('a refusal', () => {
  const refusals: readonly (readonly [Readonly<Record<string, string>>, RegExp])[] = [
    [
      { 'delta-snapshot-period': '10x' },
      /^cannot use --delta-snapshot-period "10x": it is not a duration; accepted: a duration/,
    ],
    [{ 'delta-snapshot-period': '10' }, /its unit is missing/],
    [{ 'etcd-snapshot-timeout': '0' }, /it is not a positive time/],
    [{ 'max-backups': '-1' }, /it is less than 0; accepted: a whole number of at least 0/],
    [{ 'max-backups': '1.5' }, /it is not a whole number/],
    [{ 'max-backups': '99999999999999999999' }, /it is too large/],
    [{ 'min-chunk-size': '5242879' }, /less than 5242880/],
    [{ 'storage-provider': 's3' }, /"s3": it is none of those; accepted: Local, S3, GCS, ABS, Swift, OSS, ECS or OCS/],
    [{ 'storage-provider': 'S3' }, /^cannot use --store-container: it is missing, and S3 has no default/],
    [{ 'store-endpoint-override': 'minio:9000' }, /http:\/\/ or https:\/\/ is missing/],
    [{ endpoints: 'http://a:1,nonsense://b' }, /--endpoints "nonsense:\/\/b"/],
    [{ endpoints: '' }, /the list is empty/],
    [{ endpoints: '"http://a:1' }, /quotation mark/],
    [{ schedule: '0 0 30 2 *' }, /it never fires; accepted: five cron fields/],
    [{ 'compress-snapshots': 'yes' }, /it is neither true nor false/],
    [{ cert: 'a.pem' }, /^cannot use --key: it is missing while --cert is given; give both or neither/],
    [{ key: 'a.pem' }, /^cannot use --cert: it is missing while --key is given/],
    [{ 'etcd-snapshot-timeout': '10s' }, /shorter than --etcd-connection-timeout/],
    [{ 'garbage-collection-policy': 'LimitBased', 'max-backups': '0' }, /LimitBased would keep no backup/],
    [{ 'log-level': '7' }, /more than 6; accepted: a whole number from 0 to 6, error, warn, info or debug/],
  ];
  for (const [given, message] of refusals) {
    it(`of ${JSON.stringify(given)} says why`, async () => {
      assert.match(await usageError(snapshotWith(given)), message);
    });
  }

  it('names the environment variable a value came from', async () => {
    const message = await usageError(snapshotWith({}, { ETCDBRCTL_MAX_BACKUPS: 'many' }));
    assert.match(message, /^cannot use environment variable ETCDBRCTL_MAX_BACKUPS "many": it is not a whole number/);
  });

  it('never shows a secret', async () => {
    const message = await usageError(snapshotWith({ 'etcd-password': 'hunter2' }));
    assert.match(message, /--etcd-username: it is missing while --etcd-password is given/);
    assert.doesNotMatch(message, /hunter2/);
    const endpoint = await usageError(snapshotWith({ endpoints: 'http://root:hunter2@a:1' }));
    assert.match(endpoint, /user name/);
    assert.doesNotMatch(endpoint, /hunter2/);
  });
});
