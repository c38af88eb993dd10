import { printable } from '../runtime/log/printable.ts';
import { keyText } from './output/key-text.ts';

/** What is looked for, in words, to say that nothing of it is there: `key that begins with "/registry/"`. */
export function wantedText({
  prefixes,
  namespace,
}: {
  readonly prefixes: readonly Uint8Array[];
  readonly namespace?: string | undefined;
}): string {
  const [only = Buffer.alloc(0)] = prefixes;
  const below =
    prefixes.length > 1
      ? ` that begins with one of the ${prefixes.length} prefixes`
      : only.length === 0
        ? ''
        : ` that begins with ${JSON.stringify(keyText(only))}`;
  return namespace === undefined
    ? `key${below}`
    : `object of the namespace ${JSON.stringify(printable(namespace))}${below === '' ? '' : `, under a key${below},`}`;
}
