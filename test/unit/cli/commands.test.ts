import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { commandNamed, everyCommand, listedCommands } from '../../../src/cli/commands.ts';
import { commandHelp } from '../../../src/cli/help.ts';
import { type CommandSpec, placedOptions } from '../../../src/config/command-spec.ts';
import { loadConfig } from '../../../src/config/load-config.ts';
import type { OptionSpec } from '../../../src/config/option.ts';
import { referenceFlags as reference } from '../../support/fixtures/reference-flags.ts';

const commands = await everyCommand();

/** Every deliberate difference from the reference program, and why. docs/compatibility.md lists the same. */
const differentDefaults: Readonly<Record<string, string>> = {
  // Certificates are verified unless someone asks for the opposite.
  'insecure-skip-tls-verify': 'false',
};

/** Commands of ours that the reference program does not have. */
const ownCommands: readonly string[] = [
  'list',
  'status',
  'get',
  'ls',
  'history',
  'diff',
  'undelete',
  'export',
  'apply',
  'prune',
  'fleet list',
  'fleet verify',
  'fleet report',
  'verify',
  'check-store',
];

/** Flags of ours that the reference program does not have. */
const ownFlags: Readonly<Record<string, readonly string[]>> = {
  snapshot: [
    'once',
    'include',
    'companion-max',
    'compression-level',
    'encrypt-to',
    'encrypt-to-file',
    'identity',
    'left-history-retention',
    'point-in-time-window',
    'snapshot-from',
    'delta-spool-limit',
    'max-store-outage',
    'etcd-password-file',
    'output',
    'log-level',
    'log-format',
    'config-file',
    'print-config',
  ],
  restore: [
    'identity',
    'to-revision',
    'to-time',
    'history',
    'snapshot',
    'file',
    'plan',
    'companions',
    'bump-revision',
    'mark-compacted',
    'unknown-lease-ttl',
    'wal-dir',
    'output',
    'log-level',
    'log-format',
    'config-file',
    'print-config',
  ],
  initialize: [
    'identity',
    'etcd-password-file',
    'wal-dir',
    'output',
    'log-level',
    'log-format',
    'config-file',
    'print-config',
  ],
  compact: [
    'encrypt-to',
    'encrypt-to-file',
    'identity',
    'output',
    'log-level',
    'log-format',
    'config-file',
    'print-config',
  ],
  copy: [
    'dry-run',
    'encrypt-to',
    'encrypt-to-file',
    'identity',
    'output',
    'log-level',
    'log-format',
    'config-file',
    'print-config',
  ],
  server: [
    'listen-address',
    'auth-token-file',
    'no-ui',
    'compression-level',
    'encrypt-to',
    'encrypt-to-file',
    'identity',
    'left-history-retention',
    'point-in-time-window',
    'snapshot-from',
    'delta-spool-limit',
    'max-store-outage',
    'etcd-password-file',
    'etcd-wrapper-port',
    'verification-schedule',
    'log-format',
    'print-config',
    'server-cacert',
  ],
};

async function refusal(spec: CommandSpec, flag: string): Promise<string> {
  return await loadConfig(spec, { flags: new Map([[flag, ['0']]]), environment: {} }).then(
    () => 'none',
    (error: unknown) => String(error),
  );
}

/** A default as the reference program prints it. */
function printed(spec: OptionSpec): string {
  switch (spec.type) {
    case 'strings':
    case 'stringArray':
      return spec.default.length === 0 ? '' : `[${spec.default.join(',')}]`;
    default:
      return String(spec.default ?? '');
  }
}

describe('the list of commands', () => {
  it('has each command under its own name', async () => {
    for (const { name } of listedCommands) {
      assert.equal((await commandNamed(name))?.spec.name, name);
    }
    assert.equal(new Set(listedCommands.map(({ name }) => name)).size, listedCommands.length);
    assert.equal(await commandNamed('version'), undefined, 'it takes no options from the table');
  });
});

describe('the option table against flags.json', () => {
  it('has the same commands, and our own', () => {
    const expected = [...Object.keys(reference), ...ownCommands];
    assert.deepEqual(commands.map(({ spec: { name } }) => name).sort(), expected.sort());
  });

  for (const { spec } of commands) {
    const flags = reference[spec.name] ?? [];
    const options = new Map(placedOptions(spec).map((placed) => [placed.spec.flag, placed.spec]));
    for (const flag of flags) {
      it(`${spec.name} --${flag.name}`, () => {
        const option = options.get(flag.name);
        assert.ok(option !== undefined, 'is missing');
        assert.equal(option.type, flag.type);
        assert.equal(option.short, flag.short);
        assert.equal(printed(option), differentDefaults[flag.name] ?? flag.default);
      });
    }

    if (!ownCommands.includes(spec.name)) {
      it(`${spec.name} has no flags beyond those and our own`, () => {
        const known = new Set(flags.map(({ name }) => name));
        const extra = [...options.keys()].filter((flag) => !known.has(flag));
        assert.deepEqual(extra.sort(), [...(ownFlags[spec.name] ?? [])].sort());
      });
    }

    it(`${spec.name} declares no flag and no short form twice`, () => {
      const all = placedOptions(spec).map((placed) => placed.spec);
      const names = [...all.flatMap((o) => [o.flag, ...(o.aliases ?? [])]), ...all.flatMap((o) => o.short ?? [])];
      assert.equal(new Set(names).size, names.length);
      assert.equal(names.includes('h'), false, '-h is help');
    });
  }
});

describe('a flag that takes a revision', () => {
  for (const { spec } of commands) {
    for (const { spec: option } of placedOptions(spec)) {
      if (option.placeholder !== 'revision') {
        continue;
      }
      it(`${spec.name} --${option.flag} refuses 0, and its help names no default`, async () => {
        assert.match(await refusal(spec, option.flag), /it is no revision; is a variable empty\? [A-Z]/);
        const help = commandHelp(spec, 'all').replaceAll(/\s+/g, ' ');
        assert.doesNotMatch(help, new RegExp(`--${option.flag} <revision> [^<]*\\(default`));
      });
    }
  }
});
