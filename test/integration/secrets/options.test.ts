import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { mkdirSync, utimesSync, writeFileSync } from 'node:fs';
import { chdir, cwd } from 'node:process';
import { after, before, describe, it } from 'node:test';
import { stringify } from 'yaml';
import { makeTempDir, type TempDir } from '../../../scripts/lab/temp-dir.ts';
import type { Command } from '../../../src/cli/command.ts';
import { everyCommand } from '../../../src/cli/commands.ts';
import { reportError, reportStyle } from '../../../src/cli/error-report.ts';
import { runProgram } from '../../../src/cli/program.ts';
import { placedOptions } from '../../../src/config/command-spec.ts';
import { loadConfig } from '../../../src/config/load-config.ts';
import { environmentName, type OptionSpec } from '../../../src/config/option.ts';
import type { Environment } from '../../../src/runtime/environment.ts';
import { disguises, tell } from '../../support/secrets/disguises.ts';

const commands = await everyCommand();

let scratch: TempDir;
const home = cwd();
before(() => {
  scratch = makeTempDir();
  // Relative paths among the disguises are looked for here.
  chdir(scratch.path);
});
after(() => {
  chdir(home);
  scratch[Symbol.dispose]();
});

/** All that a command line writes, to stdout and stderr, with the line that `main` makes of its error. */
async function outputOf(argv: readonly string[], environment: Environment = {}): Promise<string> {
  let text = '';
  const write = (piece: string): void => {
    text += piece;
  };
  const host = {
    argv,
    environment: { HOME: scratch.path, ...environment },
    stdout: { write: (piece: string) => Promise.resolve(write(piece)), isTerminal: false, columns: 80 },
    stderr: { write, isTerminal: false, columns: 80 },
    program: [],
    signals: new EventEmitter(),
    abandon: () => assert.fail('nothing has to be abandoned'),
  };
  await runProgram(host).catch((error: unknown) => {
    for (const format of ['text', 'json'] as const) {
      write(reportError(error, { format, detail: 'all' }).text);
    }
    write(reportError(error, reportStyle(argv, environment)).text);
  });
  return text;
}

/** Places and names are shown by nature; a text is taken for one unless it is plainly a user with a password. */
function isName(option: OptionSpec): boolean {
  const free = option.type === 'string' && option.choices === undefined;
  return option.flag === 'include' || (free && (option.rule === undefined || option.rule === 'not empty'));
}

/** Of a text that is no name, path or address nothing can be expected. */
function isText(option: OptionSpec): boolean {
  return option.placeholder === 'text' || option.flag === 'include';
}

/** What is a name like any other. */
const asName = ['two words', 'with a number'];
/** What is a name where all texts are, such as that of a token of a cluster. */
const asText = [
  'key and value',
  'JSON',
  'in quotes',
  'a quote that is open',
  'the query of a signed URL',
  'a connection string',
];

/** A file that nobody writes any more: one that has just been written is read again until it has settled. */
function writeOldFile(file: string, text: string): void {
  writeFileSync(file, text);
  utimesSync(file, 0, 0);
}

/** Refusals of a configuration, however it is given. */
async function* refusals(command: Command, option: OptionSpec, disguise: string): AsyncGenerator<string> {
  const { spec } = command;
  const file = scratch.join('config.yaml');
  const keys = option.fileKeys?.[0]?.split('.') ?? [];
  writeOldFile(file, stringify(keys.reduceRight<unknown>((inner, key) => ({ [key]: inner }), disguise)));
  const inputs: readonly Parameters<typeof loadConfig>[1][] = [
    { flags: new Map([[option.flag, [disguise]]]), environment: {} },
    { flags: new Map(), environment: { [environmentName(option.flag)]: disguise } },
    ...(keys.length === 0 ? [] : [{ flags: new Map([['config-file', [file]]]), environment: {} }]),
  ];
  for (const given of inputs) {
    const outcome = await loadConfig(spec, given).then(
      ({ warnings }) => ({ warnings }),
      (error: unknown) => ({ error }),
    );
    if ('error' in outcome) {
      yield reportError(outcome.error, { format: 'json', detail: 'all' }).text;
    } else {
      yield outcome.warnings.join('\n');
    }
  }
}

/** Credentials for each provider, of a place that nobody answers at: what is given to a place must be refused before. */
function placedCredentials(): Readonly<Record<string, Environment>> {
  const at = 'http://127.0.0.1:1';
  const file = (name: string, fields: object): string => {
    writeFileSync(scratch.join(name), JSON.stringify(fields));
    return scratch.join(name);
  };
  const keys = { accessKeyID: 'i', secretAccessKey: 's', region: 'r', endpoint: at };
  return {
    Local: {},
    S3: { AWS_APPLICATION_CREDENTIALS_JSON: file('aws.json', keys) },
    OCS: { OPENSHIFT_APPLICATION_CREDENTIALS_JSON: file('ocs.json', keys) },
    ECS: { ECS_ENDPOINT: at, ECS_ACCESS_KEY_ID: 'i', ECS_SECRET_ACCESS_KEY: 's' },
    ABS: { AZURE_APPLICATION_CREDENTIALS_JSON: file('azure.json', { storageAccount: 'a', storageKey: 'a2V5' }) },
    OSS: {
      ALICLOUD_APPLICATION_CREDENTIALS_JSON: file('oss.json', { ...keys, storageEndpoint: at, accessKeySecret: 's' }),
    },
    Swift: { OS_AUTH_URL: at, OS_USERNAME: 'u', OS_PASSWORD: 'p', OS_TENANT_NAME: 't', OS_DOMAIN_NAME: 'd' },
    GCS: { GOOGLE_APPLICATION_CREDENTIALS: file('gcs.json', { type: 'service_account' }) },
  };
}

describe('a password that goes astray', () => {
  for (const command of commands) {
    it(`into any option of ${command.spec.name}, any variable and any key of the file is not shown`, async () => {
      for (const { spec: option } of placedOptions(command.spec)) {
        for (const [name, disguise] of Object.entries(disguises)) {
          const names = isText(option) ? [...asName, ...asText] : asName;
          if (isName(option) && option.flag !== 'etcd-password-file' && names.includes(name)) {
            continue;
          }
          for await (const text of refusals(command, option, disguise)) {
            assert.doesNotMatch(text, tell, `${command.spec.name} --${option.flag} as ${name}`);
          }
        }
      }
    });

    it(`among the words of ${command.spec.name} is not shown`, async () => {
      const { name } = command.spec;
      for (const disguise of Object.values(disguises)) {
        const lines = [
          [name, '--log-level', disguise],
          [name, '--output', disguise],
          [name, '--storage-provider', disguise],
          [name, '--etcd-password', 'my', disguise],
          [name, '--cacert', disguise, '--bogus'],
          [name, `--pasword=${disguise}`],
          [name, `-p${disguise}`],
          [name, `-x=${disguise}`],
          [name, 'a', 'b', disguise],
          [name, '--', 'a', 'b', disguise],
          [disguise, name],
          [`--user=${disguise}`, name],
          ['--user', disguise, name],
        ];
        for (const line of lines) {
          assert.doesNotMatch(await outputOf(line), tell, line.join(' '));
        }
      }
    });
  }

  it('into a file or directory that a command works on is not shown', async () => {
    for (const { spec } of commands.filter((each) => each.spec.operand?.completes === 'file')) {
      const others = Array.from({ length: (spec.operand?.count?.least ?? 1) - 1 }, () => 'newest');
      for (const [name, disguise] of Object.entries(disguises).filter(([each]) => !asName.includes(each))) {
        const place = ['--store-container', scratch.join('store')];
        const flags = placedOptions(spec).some((placed) => placed.spec.flag === 'store-container') ? place : [];
        for (const words of [
          [disguise, ...others],
          [...others, disguise],
        ]) {
          const said = await outputOf([spec.name, ...flags, '--', ...words]);
          assert.doesNotMatch(said, tell, `${spec.name} ${words.join(' ')} as ${name}`);
        }
      }
    }
  });

  it('into the configuration that is printed is not shown, whatever option it is given to', async () => {
    const server = commands.find(({ spec }) => spec.name === 'server') ?? assert.fail('there is a server');
    for (const { spec: option } of placedOptions(server.spec)) {
      for (const [name, disguise] of Object.entries(disguises)) {
        const isPlain = asName.includes(name) || (isText(option) && name === 'glued to a short flag');
        if (isPlain || option.secret === true) {
          continue;
        }
        const said = await outputOf(['server', `--${option.flag}=${disguise}`, '--print-config']);
        assert.doesNotMatch(said, tell, `--${option.flag} as ${name}`);
      }
    }
  });

  it('into the place of a store is not shown, whatever the provider', async () => {
    const credentials = placedCredentials();
    for (const [provider, environment] of Object.entries(credentials)) {
      for (const [name, disguise] of Object.entries(disguises).filter(([each]) => !asName.includes(each))) {
        const places: Readonly<Record<string, string>>[] = [
          { 'store-container': disguise },
          { 'store-container': 'backups', 'store-prefix': disguise },
          { 'store-container': 'backups', 'store-endpoint-override': disguise },
        ];
        for (const place of places) {
          const flags = Object.entries({ 'storage-provider': provider, ...place }).map(
            ([flag, value]) => `--${flag}=${value}`,
          );
          const said = await outputOf(['list', ...flags, '--log-level=debug', '--log-format=json'], environment);
          assert.doesNotMatch(said, tell, `${provider} ${JSON.stringify(place)} as ${name}`);
        }
      }
    }
  });

  it('among the words of other commands is not shown', async () => {
    for (const disguise of Object.values(disguises)) {
      for (const line of [
        [disguise],
        ['help', disguise],
        ['help', 'list', disguise],
        ['completion', disguise],
        ['completion', 'bash', disguise],
        ['version', disguise],
        ['version', '-o', disguise],
        ['licenses', disguise],
      ]) {
        assert.doesNotMatch(await outputOf(line), tell, line.join(' '));
      }
    }
  });

  it('into a configuration file of any shape is not shown', async () => {
    const warned: string[] = [];
    const warn = ({ message }: Error): void => void warned.push(message);
    process.on('warning', warn);
    mkdirSync(scratch.join('files'));
    for (const [at, disguise] of Object.values(disguises).entries()) {
      for (const [shape, text] of [
        disguise,
        `a: ${disguise}`,
        `${disguise}: 1`,
        `snapstoreConfig: {${disguise}: 1}`,
        `snapstoreConfig: [${JSON.stringify(disguise)}, {x: ${JSON.stringify(disguise)}}]`,
        `a: *${disguise}`,
        `a: !${disguise} x`,
        `a: |${disguise}\n  x`,
        `a: "${disguise}`,
        `%${disguise}\n---\na: 1`,
        `a: 1\n ${disguise}\nb`,
      ].entries()) {
        const file = scratch.join('files', `${at}-${shape}.yaml`);
        writeOldFile(file, text);
        for (const line of [
          ['server', '--config-file', file, '--print-config'],
          ['list', '--config-file', file, '--log-level', 'debug'],
        ]) {
          assert.doesNotMatch(await outputOf(line), tell, `${line[0]}: ${text}`);
        }
      }
    }
    process.off('warning', warn);
    // Node would write them to stderr.
    assert.deepEqual(warned, []);
  });

  for (const level of ['error', 'warn', 'info', 'debug', '6']) {
    it(`that is used is not shown at level ${level}`, async () => {
      const connection = [
        '--endpoints',
        'http://127.0.0.1:1',
        '--etcd-connection-timeout',
        '1s',
        '--etcd-username',
        'root',
      ];
      const taken = ['key and value', 'JSON', 'in quotes', 'a URL'];
      for (const name of taken) {
        const password = disguises[name] ?? '';
        const place = ['--store-container', scratch.join('store')];
        for (const format of ['text', 'json']) {
          const line = ['snapshot', '--once', ...connection, ...place, '--log-level', level, '--log-format', format];
          assert.doesNotMatch(await outputOf([...line, '--etcd-password', password]), tell, name);
          assert.doesNotMatch(await outputOf(line, { ETCDBRCTL_ETCD_PASSWORD: password }), tell, name);
        }
      }
    });
  }
});
