import { printable } from '../../runtime/log/printable.ts';

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

function bytesData(name: string, bytes: Uint8Array): Readonly<Record<string, string>> {
  const text = textOf(bytes);
  return text === undefined ? { [`${name}Base64`]: Buffer.from(bytes).toString('base64') } : { [name]: text };
}
