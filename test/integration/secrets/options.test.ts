import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
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

const asName = ['key and value', 'JSON', 'two words', 'with a number', 'in quotes', 'a quote that is open'];

/** Refusals of a configuration, however it is given. */
async function* refusals(command: Command, option: OptionSpec, disguise: string): AsyncGenerator<string> {
  const { spec } = command;
  const file = scratch.join('config.yaml');
  const keys = option.fileKeys?.[0]?.split('.') ?? [];
  writeFileSync(file, stringify(keys.reduceRight<unknown>((inner, key) => ({ [key]: inner }), disguise)));
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

describe('a password that goes astray', () => {
  for (const command of commands) {
    it(`into any option of ${command.spec.name}, any variable and any key of the file is not shown`, async () => {
      for (const { spec: option } of placedOptions(command.spec)) {
        for (const [name, disguise] of Object.entries(disguises)) {
          if (isName(option) && option.flag !== 'etcd-password-file' && asName.includes(name)) {
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
        writeFileSync(file, text);
        for (const line of [
          ['server', '--config-file', file, '--print-config'],
          ['list', '--config-file', file, '--log-level', 'debug'],
        ]) {
          assert.doesNotMatch(await outputOf(line), tell, `${line[0]}: ${text}`);
        }
      }
    }
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
