import { type CommandSpec, placedOptions } from './command-spec.ts';
import { hiddenSecret, withoutSecrets } from './hidden-secret.ts';

/** The arguments that a command was given, as anybody may see them: `--flag=value`, without secrets and users of URLs. */
export function shownCommandLine(
  spec: CommandSpec,
  flags: ReadonlyMap<string, readonly string[]>,
): readonly [program: string, command: string, ...flags: string[]] {
  const secret = new Set(
    placedOptions(spec).flatMap(({ spec: option }) => (option.secret === true ? [option.flag] : [])),
  );
  const shown = [...flags].flatMap(([flag, texts]) =>
    texts.map((text) => `--${flag}=${secret.has(flag) ? hiddenSecret : withoutSecrets(text)}`),
  );
  return ['etcdbrctl', spec.name, ...shown];
}
