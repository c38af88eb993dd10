import { describeAccepted } from '../config/accepted-values.ts';
import { type CommandSpec, placedOptions } from '../config/command-spec.ts';
import { environmentName, type OptionGroup, type OptionSpec } from '../config/option.ts';
import { commandGroups, commandSummaries } from './commands.ts';

/** Help is laid out for terminals of this width. */
const width = 80;

const noBreak = '\u00a0';

/** The column in which the explanations of flags begin. */
const helpColumn = 34;

/** The help of the program itself. */
export function rootHelp(): string {
  const all = firstWordSummaries();
  const longest = Math.max(...all.map(({ name }) => name.length));
  const commands = all.map(({ name, summary }) => `  ${name.padEnd(longest)}  ${summary}`);
  return [
    'Usage: etcdbrctl COMMAND [flags]',
    '',
    'Backs up etcd clusters and restores them.',
    '',
    'Commands:',
    ...commands,
    '',
    'Flags:',
    '  -h, --help     explain the program, or a command: etcdbrctl COMMAND --help',
    '      --help-all explain every flag of a command: etcdbrctl COMMAND --help-all',
    '  -v, --version  print version, commit, runtime and platform',
    '',
    ...environmentNote('store-prefix'),
    '',
    'Exit code: 0 done, 1 failed, 2 the command line or configuration is wrong.',
    '',
  ].join('\n');
}

/** One line for each command, and for commands with the same first word. */
function firstWordSummaries(): readonly { readonly name: string; readonly summary: string }[] {
  const shown = new Set<string>();
  return commandSummaries.flatMap((each) => {
    const group = commandGroups.find(({ name }) => each.name.startsWith(`${name} `)) ?? each;
    if (shown.has(group.name)) {
      return [];
    }
    shown.add(group.name);
    return group;
  });
}

/** The help of commands with the same first word. */
export function groupHelp(group: string): string {
  const summary = commandGroups.find(({ name }) => name === group)?.summary ?? '';
  const own = commandSummaries.filter(({ name }) => name.startsWith(`${group} `));
  const longest = Math.max(...own.map(({ name }) => name.length));
  return [
    `Usage: etcdbrctl ${group} COMMAND [flags]`,
    '',
    `${summary.charAt(0).toUpperCase()}${summary.slice(1)}.`,
    '',
    'Commands:',
    ...own.map((each) => `  ${each.name.padEnd(longest)}  ${each.summary}`),
    '',
    `Each explains its flags: etcdbrctl ${own[0]?.name ?? group} --help`,
    '',
  ].join('\n');
}

/**
 * The help of one command: its own flags first, then those it shares with others. `common` leaves out flags that few people need
 * and says how to see them.
 */
export function commandHelp(spec: CommandSpec, detail: 'common' | 'all'): string {
  const isShown = (option: OptionSpec): boolean => detail === 'all' || option.rare !== true;
  const ordered = Object.values(spec.groups).toSorted((a, b) => Number(isShared(a)) - Number(isShared(b)));
  const groups = ordered.flatMap((group) => optionGroupHelp(group, Object.values(group.options).filter(isShown)));
  const hidden = placedOptions(spec).filter(({ spec: option }) => !isShown(option)).length;
  const examples = spec.examples.flatMap(({ does, command }) => [
    ...wrapped(does, { indent: 2 }),
    ...wrappedCommand(command),
    '',
  ]);
  return [
    `Usage: etcdbrctl ${spec.name} [flags]${spec.operand === undefined ? '' : ` ${spec.operand.placeholder}`}`,
    '',
    ...wrapped(spec.description, { indent: 0 }),
    '',
    ...(spec.operand === undefined ? [] : [...optionHelp(`  ${spec.operand.placeholder}`, spec.operand.help), '']),
    'Examples:',
    ...examples,
    ...groups,
    'Other:',
    ...optionHelp('  -h, --help', 'Show this text.'),
    ...optionHelp('      --help-all', hidden === 0 ? 'The same.' : `Show ${hidden} more flags, which few people need.`),
    '',
    ...environmentNote(exampleFlag(spec)),
    '',
  ].join('\n');
}

/** Flags of stores, connections and output are those of other commands, too. */
function isShared({ shared, withoutEffect }: OptionGroup): boolean {
  return shared === true || withoutEffect !== undefined;
}

function exampleFlag(spec: CommandSpec): string {
  const flags = placedOptions(spec).map(({ spec: { flag } }) => flag);
  return flags.find((flag) => flag === 'store-prefix') ?? flags[0] ?? 'log-level';
}

function environmentNote(example: string): readonly string[] {
  return wrapped(
    `Every flag can be given in the environment too, as ETCDBRCTL_ and its name in capitals: ` +
      `${environmentName(example)} for --${example}. ` +
      'A flag wins over the environment, the environment over a configuration file (--config-file).',
    { indent: 0 },
  );
}

function optionGroupHelp({ title }: OptionGroup, options: readonly OptionSpec[]): readonly string[] {
  return options.length === 0
    ? []
    : [`${title}:`, ...options.flatMap((spec) => optionHelp(term(spec), about(spec))), ''];
}

function term(spec: OptionSpec): string {
  const short = spec.short === undefined ? '    ' : `-${spec.short}, `;
  const value = spec.type === 'bool' ? '' : ` <${spec.placeholder ?? spec.type}>`;
  return `  ${short}--${spec.flag}${value}`;
}

function about(spec: OptionSpec): string {
  const choices = spec.type === 'string' && spec.choices !== undefined ? ` One of ${describeAccepted(spec)}.` : '';
  const standard = defaultText(spec);
  // No-break spaces keep the default on one line; wrapped() makes them plain.
  return `${spec.help}${choices}${standard === '' ? '' : ` (default ${standard})`.replaceAll(' ', noBreak).replace(noBreak, ' ')}`;
}

/** An option's default as help and documentation show it; empty when there is none worth showing. */
export function defaultText(spec: OptionSpec): string {
  switch (spec.type) {
    case 'bool':
      return spec.default ? 'true' : '';
    case 'duration':
      return spec.default;
    case 'strings':
    case 'stringArray':
      return spec.default.join(',');
    case 'string': {
      const text = spec.default ?? '';
      return text.includes(' ') ? JSON.stringify(text) : text;
    }
    case 'int':
    case 'uint':
    case 'uint32':
      return String(spec.default ?? '');
    default:
      return spec satisfies never;
  }
}

function optionHelp(left: string, text: string): readonly string[] {
  const lines = wrapped(text, { indent: helpColumn });
  if (left.length > helpColumn - 2) {
    return [left, ...lines];
  }
  const [first = '', ...rest] = lines;
  return [left.padEnd(helpColumn) + first.trimStart(), ...rest];
}

/** Breaks text at spaces into lines of at most {@link width} characters. */
function wrapped(text: string, style: { readonly indent: number }): readonly string[] {
  const lines: string[] = [];
  const margin = ' '.repeat(style.indent);
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && style.indent + line.length + 1 + word.length > width) {
      lines.push(margin + line);
      line = word;
    } else {
      line = line === '' ? word : `${line} ${word}`;
    }
  }
  return [...lines, margin + line].map((each) => each.replaceAll(noBreak, ' '));
}

/** Breaks a command line before flags, with a backslash at the end of each line but the last. */
function wrappedCommand(command: string): readonly string[] {
  const lines: string[] = [];
  let line = '    ';
  for (const part of command.split(/ (?=-)/)) {
    const piece = line.trim() === '' ? part : ` ${part}`;
    if (line.length + piece.length + 2 > width) {
      lines.push(`${line} \\`);
      line = `      ${part}`;
    } else {
      line += piece;
    }
  }
  return [...lines, line];
}
