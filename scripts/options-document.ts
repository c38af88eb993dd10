import { everyCommand } from '../src/cli/commands.ts';
import type { CommandSpec } from '../src/config/command-spec.ts';
import { environmentName, type OptionGroup, type OptionSpec } from '../src/config/option.ts';

const commands = await everyCommand();

/** The text of docs/options.md, from the option table. */
export function optionsDocument(): string {
  const intro = `# Options

Generated from the option table in \`src/config\`; \`node scripts/write-documents.ts\` writes it anew.

Every flag can be given in the environment as well. A value is looked for in this order: flag, environment,
configuration file (\`--config-file\`), default. An empty environment variable or key counts as not set; a flag without a
value is refused.

Durations are written as in Go: \`500ms\`, \`20s\`, \`1m30s\`, \`1.5h\`. A bool is \`--flag\` or \`--flag=false\`.
A list of type \`strings\` is separated by commas and repeatable; \`stringArray\` is repeatable, and separated by
commas in the environment.
`;
  return [intro, ...commands.map(({ spec }) => commandSection(spec))].join('\n');
}

function commandSection(spec: CommandSpec): string {
  const groups = Object.values(spec.groups).map(groupSection);
  const { operand } = spec;
  const words = operand === undefined ? [] : [`\`${operand.placeholder}\`: ${operand.help}\n`];
  return [`## ${spec.name}\n`, `${spec.description}\n`, ...words, ...groups].join('\n');
}

function groupSection(group: OptionGroup): string {
  return `### ${group.title}\n\n${Object.values(group.options).map(item).join('\n')}\n`;
}

function item(spec: OptionSpec): string {
  const short = spec.short === undefined ? '' : `\`-${spec.short}\`, `;
  const aliases = (spec.aliases ?? []).map((alias) => `, older \`--${alias}\``).join('');
  const standard = defaultOf(spec) === '' ? '' : `, default ${code(defaultOf(spec))}`;
  const choices = spec.type === 'string' && spec.choices !== undefined ? ` One of ${spec.choices.join(', ')}.` : '';
  const fallback = spec.fallbackEnvironment === undefined ? [] : [spec.fallbackEnvironment];
  const environment = [environmentName(spec.flag), ...fallback].map(code).join(', then ');
  const file = spec.fileKeys === undefined ? '' : `; file ${spec.fileKeys.map(code).join(' or ')}`;
  return `- ${short}\`--${spec.flag}\`${aliases} (${spec.type}${standard}): ${spec.help}${choices}\n  Environment ${environment}${file}.`;
}

function defaultOf(spec: OptionSpec): string {
  return Array.isArray(spec.default) ? spec.default.join(',') : String(spec.default ?? '');
}

function code(text: string): string {
  return `\`${text}\``;
}
