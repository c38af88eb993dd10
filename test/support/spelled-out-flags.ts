import type { ReferenceFlag } from './reference-flags.ts';

/** How a flag and its value are written. */
export const flagStyles = ['long=value', 'long value', 'short'] as const;

/** Flags that say nothing when empty are given a value that fits. */
const examples: Readonly<Record<string, string>> = {
  'storage-provider': 'Local',
  'source-storage-provider': 'Local',
  'secondary-storage-provider': 'Local',
  'store-endpoint-override': 'http://h:1',
  'source-store-endpoint-override': 'http://h:1',
  'secondary-store-endpoint-override': 'http://h:1',
  'service-endpoints': 'http://h:1',
  'config-file': '/dev/null',
};

function text(flag: ReferenceFlag): string {
  return examples[flag.name] ?? (flag.default.replace(/^\[|\]$/g, '') || 'x');
}

/** A command line that gives each of `flags` its default, or a value that fits where it has none. */
export function spelledOut(flags: readonly ReferenceFlag[], style: (typeof flagStyles)[number]): readonly string[] {
  return flags.flatMap((flag) => {
    if (flag.type === 'bool') {
      return [style === 'long=value' ? `--${flag.name}=${flag.default}` : `--${flag.name}`];
    }
    if (style === 'short' && flag.short !== undefined) {
      return [`-${flag.short}`, text(flag)];
    }
    return style === 'long=value' ? [`--${flag.name}=${text(flag)}`] : [`--${flag.name}`, text(flag)];
  });
}
