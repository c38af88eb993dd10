import { commandSummaries, everyCommand } from '../src/cli/commands.ts';
import { defaultText } from '../src/cli/help.ts';
import type { CommandSpec } from '../src/config/command-spec.ts';
import { environmentName, type OptionGroup, type OptionSpec } from '../src/config/option.ts';
import { bold, heading, italic, roff, tagged, withCode } from './man/roff.ts';

const commands = await everyCommand();

/** What a page says of the release that it belongs to. */
export interface ManEdition {
  readonly version: string;
  /** The day of the release, `2026-11-27`. */
  readonly date: string;
}

/** The pages of the manual by their file names: `etcdbrctl.1`, and one a command, from the option table. */
export function manPages(edition: ManEdition): ReadonlyMap<string, string> {
  return new Map([
    ['etcdbrctl.1', rootPage(edition)],
    ...commandSummaries.map(({ name, summary }): [string, string] => [
      `${pageName(name)}.1`,
      commandPage({ name, summary }, commands.find(({ spec }) => spec.name === name)?.spec, edition),
    ]),
  ]);
}

/** The page of a command, also of one with two words. */
export function pageName(command: string): string {
  return `etcdbrctl-${command.replaceAll(' ', '-')}`;
}

/** What programs end with; docs/exit-codes.md has every way out. */
const exitStatus: readonly (readonly [string, string])[] = [
  ['0', 'All of it is done.'],
  ['1', 'It failed, found something wrong, or its result could not be written.'],
  ['2', 'The command line, the environment or the configuration file cannot be used; nothing was done.'],
  ['129, 130, 143', 'SIGHUP, SIGINT or SIGTERM came before it was done.'],
];

function rootPage(edition: ManEdition): string {
  return page('etcdbrctl', edition, [
    heading('SH', 'NAME'),
    `etcdbrctl \\- ${roff('back up, verify and restore etcd clusters')}`,
    heading('SH', 'SYNOPSIS'),
    `${bold('etcdbrctl')} ${italic('COMMAND')} [${italic('flags')}]`,
    heading('SH', 'DESCRIPTION'),
    roff('Watches a running etcd, keeps a full snapshot and every change since then in a store, and builds a data'),
    roff('directory from them when the cluster is lost. A restore needs no etcd.'),
    heading('SH', 'COMMANDS'),
    ...commandSummaries.flatMap(({ name, summary }) =>
      tagged(`\\fB${roff(pageName(name))}\\fR(1)`, [`${roff(summary)}.`]),
    ),
    heading('SH', 'ENVIRONMENT'),
    roff('Every flag can be given in the environment, as ETCDBRCTL_ and its name in capitals with underscores.'),
    roff('A flag wins over the environment, the environment over the configuration file (--config-file).'),
    roff('Credentials of stores have variables of their own.'),
    ...exitStatusSection(),
    heading('SH', 'SEE ALSO'),
    seeAlso(commandSummaries.map(({ name }) => pageName(name))),
  ]);
}

function commandPage(
  { name, summary }: { readonly name: string; readonly summary: string },
  spec: CommandSpec | undefined,
  edition: ManEdition,
): string {
  const operand = spec?.operand;
  const words = name === 'completion' ? 'bash|zsh|fish' : operand?.placeholder;
  const flags = spec === undefined ? '' : ` [${italic('flags')}]`;
  const synopsis = `${bold(`etcdbrctl ${name}`)}${flags}${words === undefined ? '' : ` ${italic(words)}`}`;
  return page(pageName(name), edition, [
    heading('SH', 'NAME'),
    `${roff(pageName(name))} \\- ${roff(summary)}`,
    heading('SH', 'SYNOPSIS'),
    synopsis,
    heading('SH', 'DESCRIPTION'),
    withCode(spec?.description ?? `${summary.charAt(0).toUpperCase()}${summary.slice(1)}.`),
    ...(operand === undefined ? [] : tagged(italic(operand.placeholder), [withCode(operand.help)])),
    ...(spec === undefined ? [] : [heading('SH', 'OPTIONS'), ...Object.values(spec.groups).flatMap(groupSection)]),
    ...exitStatusSection(),
    ...(spec === undefined ? [] : examplesSection(spec)),
    heading('SH', 'SEE ALSO'),
    seeAlso(['etcdbrctl']),
  ]);
}

function page(name: string, { version, date }: ManEdition, lines: readonly string[]): string {
  const title = `.TH "${roff(name.toUpperCase())}" "1" "${date}" "etcdbrctl ${roff(version)}" "User Commands"`;
  return [title, '.nh', '.ad l', ...lines, ''].join('\n');
}

function groupSection(group: OptionGroup): readonly string[] {
  const note = group.withoutEffect === undefined ? [] : [withCode(`${group.withoutEffect}.`)];
  return [heading('SS', group.title), ...note, ...Object.values(group.options).flatMap(item)];
}

function item(spec: OptionSpec): readonly string[] {
  const value = spec.type === 'bool' ? '' : ` ${italic(spec.placeholder ?? spec.type)}`;
  const short = spec.short === undefined ? '' : `${bold(`-${spec.short}`)}, `;
  const choices = spec.type === 'string' && spec.choices !== undefined ? ` One of ${spec.choices.join(', ')}.` : '';
  const standard = defaultText(spec);
  const fallback = spec.fallbackEnvironment === undefined ? '' : `, then ${spec.fallbackEnvironment}`;
  const keys = spec.fileKeys === undefined ? '' : `; in the file ${spec.fileKeys.join(' or ')}`;
  return tagged(`${short}${bold(`--${spec.flag}`)}${value}`, [
    withCode(`${spec.help}${choices}${standard === '' ? '' : ` Default: ${standard}.`}`),
    '.br',
    roff(`Environment: ${environmentName(spec.flag)}${fallback}${keys}.`),
  ]);
}

function exitStatusSection(): readonly string[] {
  return [
    heading('SH', 'EXIT STATUS'),
    ...exitStatus.flatMap(([code, meaning]) => tagged(bold(code), [roff(meaning)])),
  ];
}

function examplesSection({ examples }: CommandSpec): readonly string[] {
  return [
    heading('SH', 'EXAMPLES'),
    ...examples.flatMap(({ does, command }, at) => [
      ...(at === 0 ? [] : ['.PP']),
      withCode(does),
      '.PP',
      '.RS 4',
      '.nf',
      roff(command),
      '.fi',
      '.RE',
    ]),
  ];
}

function seeAlso(names: readonly string[]): string {
  return `${names.map((name) => `\\fB${roff(name)}\\fR(1)`).join(',\n')}`;
}
