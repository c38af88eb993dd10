import { environmentName, type OptionSpec } from './option.ts';

/** Where an option's value came from. */
export type ValueSource =
  | { readonly kind: 'flag' }
  | { readonly kind: 'environment'; readonly name: string }
  | { readonly kind: 'file'; readonly path: string; readonly key: string }
  | { readonly kind: 'default' };

/** The texts an option was given, and where. Lists may have several texts. */
export interface GivenValue {
  readonly texts: readonly string[];
  readonly source: ValueSource;
}

/** Names an option as the reader wrote it: `--max-backups`, `ETCDBRCTL_MAX_BACKUPS`, `snapshotterConfig.maxBackups in FILE`. */
export function nameAtSource(spec: OptionSpec, source: ValueSource): string {
  switch (source.kind) {
    case 'flag':
    case 'default':
      return `--${spec.flag}`;
    case 'environment':
      return `environment variable ${source.name}`;
    case 'file':
      return `${source.key} in file ${source.path}`;
    default:
      return source satisfies never;
  }
}

/** The environment variables that can give an option, in the order they are asked. */
export function environmentNames(spec: OptionSpec): readonly string[] {
  return [spec.flag, ...(spec.aliases ?? [])].map(environmentName);
}
