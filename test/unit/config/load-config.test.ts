import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { makeTempDir } from '../../../scripts/lab/temp-dir.ts';
import { everyCommand } from '../../../src/cli/commands.ts';
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

const commands = await everyCommand();

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
          ETCDBRCTL_ENDPOINTS: 'https://h:1',
          ETCDBRCTL_ETCD_USERNAME: 'root',
          ETCDBRCTL_ETCD_PASSWORD: 'hunter2',
          ETCDBRCTL_ONCE: 'true',
          ETCDBRCTL_ETCD_SNAPSHOT_TIMEOUT: '100h',
          ETCDBRCTL_BUMP_REVISION: '1',
          ETCDBRCTL_MARK_COMPACTED: 'true',
          ETCDBRCTL_KUBERNETES: 'true',
          STORAGE_CONTAINER: 'c',
          SOURCE_STORAGE_CONTAINER: 'c',
          SECONDARY_STORAGE_CONTAINER: 'c',
          ETCDBRCTL_SECONDARY_STORAGE_PROVIDER: 'Local',
        };
        // Files that must exist.
        if (option.flag === 'config-file' || option.flag === 'etcd-password-file') {
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
      const text =
        option.flag === 'shard'
          ? '1/2'
          : (option.choices?.at(-1) ?? (option.rule === undefined ? 'x' : ruleExamples[option.rule]));
      return { text, value: isParsed(option.rule) ? textValue(option.rule, text) : text };
    }
    case 'strings':
    case 'stringArray':
      return option.rule === undefined
        ? { text: '/etc/a,/etc/b', value: ['/etc/a', '/etc/b'] }
        : { text: 'http://a:1,http://b:2', value: ['http://a:1', 'http://b:2'] };
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
  'cron or off': 'off',
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
  it('a zero means the default where the reference program has it so', async () => {
    const { config } = await snapshotWith({ 'delta-snapshot-memory-limit': '0' });
    assert.equal(config.snapshotter.deltaMemoryLimit, 10_485_760);
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
    assert.deepEqual(given.config.target.toTime, { kind: 'at', time: { seconds: 1, nanos: 500_000_000 } });
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
    [{ 'point-in-time-window': '-1h' }, /it is less than 0/],
    [{ 'left-history-retention': '-1h' }, /it is less than 0/],
    [{ 'delta-snapshot-period': '3000000h' }, /it is longer than 292 years/],
    [{ 'max-backups': '-1' }, /it is less than 0; accepted: a whole number of at least 0/],
    [{ 'max-backups': '1.5' }, /it is not a whole number/],
    [{ 'max-backups': '99999999999999999999' }, /it is too large/],
    [{ 'min-chunk-size': '5242879' }, /less than 5242880/],
    [
      { 'storage-provider': 's3' },
      /"s3": it is none of those; did you mean S3\? accepted: Local, S3, GCS, ABS, Swift, OSS, ECS or OCS/,
    ],
    [{ 'storage-provider': 'S3' }, /^cannot use --store-container: it is missing, and S3 has no default/],
    [{ 'store-endpoint-override': 'minio:9000' }, /http:\/\/ or https:\/\/ is missing/],
    [{ endpoints: 'http://a:1,nonsense://b' }, /--endpoints "nonsense:\/\/b"/],
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

  it('is not made of the empty prefix that etcd-druid passes to a server', async () => {
    const { config, sources } = await loadConfig(serverCommand.spec, {
      flags: flags({ 'store-prefix': '' }),
      environment: { ETCDBRCTL_STORE_PREFIX: 'etcd-main' },
    });
    assert.equal(config.store.prefix, 'etcd-main');
    assert.equal(sources.get('store-prefix')?.kind, 'environment');
  });

  it('is made of every flag without a value', async () => {
    for (const { spec } of commands) {
      for (const { spec: option } of placedOptions(spec)) {
        for (const texts of [[''], [' \t'], ['\ufeff\n'], ['a', '']]) {
          const given = new Map([[option.flag, texts]]);
          if (option.emptyIsDefault === true && texts.join() === '') {
            continue;
          }
          const message = await usageError(loadConfig(spec, { flags: given, environment: {} }));
          const said = `cannot use --${option.flag}: it is given without a value; is a variable empty?`;
          assert.equal(message, said, `${spec.name} ${JSON.stringify(texts)}`);
        }
      }
    }
  });

  for (const [given, message] of [
    [
      { 'store-container': 's3://bucket/some/path' },
      /it is a URL; give --storage-provider S3 --store-container bucket --store-prefix some\/path/,
    ],
    [{ 'store-container': 'gs://bucket/' }, /give --storage-provider GCS --store-container bucket$/],
    [{ 'store-container': 'file:///backup' }, /give the path alone, and --storage-provider Local/],
    [{ 'store-container': 'https://minio:9000/bucket' }, /belongs into --store-endpoint-override/],
    [{ 'store-container': '~/backup' }, /it begins with ~/],
    [{ 'store-container': '~root/backup' }, /it begins with ~/],
    [{ 'store-container': '$BACKUP' }, /a variable that was not replaced/],
    [{ 'store-container': '\u0024{BACKUP}/x' }, /a variable that was not replaced/],
    [{ 'store-container': '/backup/$(DATE)' }, /a variable that was not replaced/],
    [{ 'store-container': '/backup/{{ .Values.x }}' }, /a variable that was not replaced/],
    [{ 'store-container': '$backup' }, /it begins with \$/],
    [{ 'store-container': 'back\u200bup' }, /a character that cannot be seen, \\u200b/],
    [{ 'store-prefix': 'a\u001b[2Jb' }, /a character that cannot be seen, \\u001b/],
    [{ 'store-prefix': '\u0024{CLUSTER}' }, /a variable that was not replaced/],
    [
      { 'storage-provider': 'S3', 'store-container': 'bucket/path' },
      /a slash, and S3 has none .*; .*belongs into --store-prefix/,
    ],
    [{ 'storage-provider': 'GCS', 'store-container': '/bucket' }, /a slash, and GCS has none/],
    [{ 'storage-provider': 'aws' }, /did you mean S3\?/],
    [{ 'storage-provider': 'local' }, /did you mean Local\?/],
    [{ 'storage-provider': 'azure' }, /did you mean ABS\?/],
    [{ 'snapstore-temp-directory': '~/tmp' }, /it begins with ~, which only a shell replaces/],
    [{ cacert: 'https://ca' }, /it is a URL where a path is expected/],
    [
      { 'etcd-username': 'root' },
      /^cannot use --etcd-username: its password is missing; give --etcd-password or --etcd-password-file, too$/,
    ],
    [{ 'etcd-username': 'root:x' }, /the part after the colon belongs into --etcd-password/],
    [{ endpoints: 'http://a:1,' }, /^cannot use --endpoints: a part of the list is empty/],
    [
      { endpoints: 'http://a:1,a:1' },
      /^cannot use --endpoints: part 2 is the same as an earlier one; give each only once/,
    ],
    [
      { endpoints: 'http://a:1', 'insecure-transport': 'false' },
      /^cannot use --endpoints: it has http:\/\/a:1, and --insecure-transport=false allows TLS only/,
    ],
    [{ 'insecure-transport': 'false' }, /^cannot use --endpoints: it has http:\/\/127\.0\.0\.1:2379/],
    [
      { endpoints: 'https://a', 'service-endpoints': 'http://b', 'insecure-transport': 'false' },
      /^cannot use --service-endpoints: it has http:\/\/b:2379/,
    ],
  ] as const) {
    it(`of ${JSON.stringify(given)} says what to give instead`, async () => {
      assert.match(await usageError(snapshotWith(given)), message);
    });
  }

  it('of http:// with --insecure-transport=false does not depend on where they come from', async () => {
    using dir = makeTempDir();
    const file = dir.join('c.yaml');
    writeFileSync(file, 'etcdConnectionConfig: {insecureTransport: false, endpoints: ["http://a:1"]}\n');
    const environment = { ETCDBRCTL_INSECURE_TRANSPORT: 'false', ETCDBRCTL_ENDPOINTS: 'http://a:1' };
    assert.match(await usageError(snapshotWith({}, environment)), /ETCDBRCTL_ENDPOINTS: it has http:\/\/a:1/);
    assert.match(await usageError(snapshotWith({ 'config-file': file })), /endpoints in file \S+: it has http:\/\/a:1/);
    const bare = await snapshotWith({ endpoints: 'a:1', 'insecure-transport': 'false' });
    assert.deepEqual(bare.warnings, []);
  });

  it('names the environment variable a value came from', async () => {
    const message = await usageError(snapshotWith({}, { ETCDBRCTL_MAX_BACKUPS: '1.5' }));
    assert.match(message, /^cannot use environment variable ETCDBRCTL_MAX_BACKUPS "1\.5": it is not a whole number/);
  });

  it('never shows a secret', async () => {
    const message = await usageError(snapshotWith({ 'etcd-password': 'hunter2' }));
    assert.match(message, /--etcd-username: it is missing while a password is given/);
    assert.doesNotMatch(message, /hunter2/);
    const endpoint = await usageError(snapshotWith({ endpoints: 'http://root:hunter2@a:1' }));
    assert.match(endpoint, /user name/);
    assert.doesNotMatch(endpoint, /hunter2/);
  });
});

describe('warnings', () => {
  const warningsOf = async (given: Readonly<Record<string, string>>, environment: Environment = {}) =>
    (await snapshotWith(given, environment)).warnings;

  it('say what http:// leaves unused or sends in clear', async () => {
    assert.deepEqual(await warningsOf({ endpoints: 'http://a:1', cacert: 'ca.pem' }), [
      'Given and not used: --cacert, since http://a:1 is without TLS; write https://',
    ]);
    assert.deepEqual(await warningsOf({ endpoints: 'https://a,http://b', cert: 'c.pem', key: 'k.pem' }), [
      'Given and not used: --cert, --key, since http://b:2379 is without TLS; write https://',
    ]);
    for (const endpoints of ['http://a:1', 'a:1']) {
      assert.deepEqual(await warningsOf({ endpoints, 'etcd-username': 'root', 'etcd-password': 'hunter2' }), [
        'The password of --etcd-username goes to http://a:1 in clear, as does the backup; write https://',
      ]);
    }
    assert.deepEqual(await warningsOf({ endpoints: 'a:1', cacert: 'ca.pem' }), []);
  });

  it('say that a flag with one value was given several, however it is written', async () => {
    const warningsFor = async (given: Readonly<Record<string, readonly string[]>>) =>
      (await loadConfig(restoreCommand.spec, { flags: flags(given), environment: {} })).warnings;
    assert.deepEqual(await warningsFor({ 'data-dir': ['a', 'b', 'b'], 'skip-hash-check': ['true', 'false'] }), [
      '--data-dir is given 3 times, with different values: the last one counts',
      '--skip-hash-check is given 2 times, with different values: the last one counts',
    ]);
    assert.deepEqual(await warningsFor({ 'data-dir': ['a', 'a '], identity: ['a', 'b'] }), []);
  });

  it('name variables that are no option, with the nearest one', async () => {
    const environment = {
      ETCDBRCTL_STORE_CONTANER: 'hunter2',
      ETCDBRCTL_X: '1',
      ETCDBRCTL_MAX_FETCHERS: '3',
      OTHER: '1',
    };
    assert.deepEqual(await warningsOf({}, environment), [
      'Environment variable ETCDBRCTL_STORE_CONTANER is no option and is ignored; did you mean ETCDBRCTL_STORE_CONTAINER?',
      'Environment variable ETCDBRCTL_X is no option and is ignored',
    ]);
  });

  it('are not made of the variables and keys of other commands', async () => {
    using dir = makeTempDir();
    const file = dir.join('c.yaml');
    writeFileSync(
      file,
      'serverConfig: {port: 1}\nsnapstoreConfig: {container: /backup}\nrestorationConfig: {name: a}\n',
    );
    for (const { spec } of commands) {
      const environment: Record<string, string> = { ETCDBRCTL_CONFIG_FILE: file };
      for (const other of commands) {
        for (const { spec: option } of placedOptions(other.spec)) {
          environment[environmentName(option.flag)] ??= '';
        }
      }
      const { warnings } = await loadConfig(spec, { flags: new Map(), environment });
      assert.deepEqual(warnings, [], spec.name);
    }
  });
});

describe('the configuration file', () => {
  it('is taken by every command, each what concerns it', async () => {
    using dir = makeTempDir();
    const file = dir.join('c.yaml');
    writeFileSync(
      file,
      '\ufeffsnapstoreConfig: {container: from-file, prefix: ""}\netcdConnectionConfig: {endpoints: []}\n',
    );
    for (const { spec } of commands.filter(({ spec: { groups } }) => 'store' in groups)) {
      const { config } = await loadConfig(spec, { flags: flags({ 'config-file': file }), environment: {} });
      assert.equal(config['store']?.['container'], 'from-file', spec.name);
      assert.equal(config['store']?.['prefix'], '', spec.name);
    }
  });
});

describe('a secret in a file', () => {
  const login = (dir: { join(name: string): string }, content: string) => {
    writeFileSync(dir.join('pw'), content);
    return { 'etcd-username': 'root', 'etcd-password-file': dir.join('pw') };
  };

  it('can be given for every secret option', () => {
    for (const { spec } of commands) {
      const options = placedOptions(spec).map((placed) => placed.spec);
      for (const secret of options.filter((option) => option.secret === true)) {
        assert.ok(
          options.some(({ flag }) => flag === `${secret.flag}-file`),
          secret.flag,
        );
      }
    }
  });

  it('is what the file holds, without the line end', async () => {
    using dir = makeTempDir();
    const environment = { ETCDBRCTL_ETCD_USERNAME: 'root', ETCDBRCTL_ETCD_PASSWORD_FILE: dir.join('pw') };
    assert.equal((await snapshotWith(login(dir, '\ufeffhunter2 \r\n'))).config.connection.password, 'hunter2 ');
    assert.equal((await snapshotWith({}, environment)).config.connection.password, 'hunter2 ');
  });

  it('and one that is given count by their sources', async () => {
    using dir = makeTempDir();
    const given = login(dir, 'from-file');
    const variable = { ETCDBRCTL_ETCD_PASSWORD: 'from-variable' };
    assert.equal((await snapshotWith(given, variable)).config.connection.password, 'from-file');
    const file = { ETCDBRCTL_ETCD_PASSWORD_FILE: dir.join('pw') };
    const flag = { 'etcd-username': 'root', 'etcd-password': 'from-flag' };
    assert.equal((await snapshotWith(flag, file)).config.connection.password, 'from-flag');
    const message = await usageError(snapshotWith({ ...given, 'etcd-password': 'hunter2' }));
    assert.match(message, /^cannot use --etcd-password-file: --etcd-password is given as well; give one of the two/);
    assert.doesNotMatch(message, /hunter2/);
  });

  for (const [what, content, why] of [
    ['empty', '\n', /the file is empty/],
    ['of two lines', 'hunter2\nhunter2\n', /not one line of text/],
    ['large', 'hunter2'.repeat(20_000), /larger than any password/],
  ] as const) {
    it(`is refused when it is ${what}`, async () => {
      using dir = makeTempDir();
      const message = await usageError(snapshotWith(login(dir, content)));
      assert.match(message, why);
      assert.doesNotMatch(message, /hunter2/);
    });
  }

  it('needs its file', async () => {
    const message = await usageError(
      snapshotWith({ 'etcd-username': 'root', 'etcd-password-file': '/nonexistent/pw' }),
    );
    assert.equal(
      message,
      'cannot use --etcd-password-file: the file /nonexistent/pw cannot be read: it does not exist; give the path of a file that holds the password',
    );
  });
});
