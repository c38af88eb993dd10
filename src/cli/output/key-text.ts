import { formatBytes } from '../../runtime/log/amount.ts';
import { isPrintable, printable } from '../../runtime/log/printable.ts';

/** Keys of Kubernetes whose values are secrets: `/registry/secrets/…`, whatever its API servers have as prefix. */
const SECRET_KEY = /^\/[^/]+\/secrets\//;

/** How values are shown as text. */
export interface ValueStyle {
  readonly showSecrets: boolean;
}

/** Bytes as the text that they are; undefined when they are none. */
export function textOf(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

/** A key for a terminal: what is no text, or would not be seen, is escaped. */
export function keyText(key: Uint8Array): string {
  const text = textOf(key);
  return text === undefined
    ? Buffer.from(key)
        .toString('latin1')
        .replace(/[^ -~]/g, (byte) => `\\x${byte.charCodeAt(0).toString(16).padStart(2, '0')}`)
    : printable(text);
}

/** A key for scripts: as text, or in base64 where it is none. */
export function keyData(key: Uint8Array): Readonly<Record<string, string>> {
  return bytesData('key', key);
}

/** A value for scripts, in the same way. */
export function valueData(value: Uint8Array): Readonly<Record<string, string>> {
  return bytesData('value', value);
}

/** Whether the value of a key is a secret that text leaves out. */
export function isHidden(key: Uint8Array, { showSecrets }: ValueStyle): boolean {
  return !showSecrets && SECRET_KEY.test(Buffer.from(key).toString('latin1'));
}

/**
 * The lines of a value that is a text a terminal may show as it is; else one line that says why not. `shown` tells which of
 * both it is.
 */
export function valueLines(
  key: Uint8Array,
  value: Uint8Array,
  style: ValueStyle,
): { readonly lines: readonly string[]; readonly shown: boolean } {
  if (isHidden(key, style)) {
    return { lines: [`(a secret of ${formatBytes(value.length)}; --show-secrets shows it)`], shown: false };
  }
  const lines = textOf(value)?.split('\n');
  return lines?.every((line) => isPrintable(line.replaceAll('\t', ' '))) === true
    ? { lines, shown: true }
    : { lines: [`(${formatBytes(value.length)} that are no text)`], shown: false };
}

function bytesData(name: string, bytes: Uint8Array): Readonly<Record<string, string>> {
  const text = textOf(bytes);
  return text === undefined ? { [`${name}Base64`]: Buffer.from(bytes).toString('base64') } : { [name]: text };
}
