import { limits } from '../limits.ts';
import { cutText } from './cut-text.ts';
import { errorText } from './error-text.ts';
import type { LogFields } from './logger.ts';

/** Names of fields whose values are secrets, without separators and capitals. */
const secretNames: ReadonlySet<string> = new Set([
  'password',
  'etcdpassword',
  'secret',
  'token',
  'authorization',
  'secretaccesskey',
  'accesskeysecret',
  'storagekey',
  'ssecustomerkey',
  'applicationcredentialsecret',
  'privatekey',
  'credentials',
]);

/** Names that every line has itself: no name may be there twice. */
const ownNames: ReadonlySet<string> = new Set(['level', 'time', 'msg']);

/** Objects deeper than this are written as `…`. */
const maxDepth = 4;

/**
 * Fields as they are written: errors as text, big integers as digits, bytes as their number, instances as the name of
 * their class. Values whose names say that they are secrets are replaced; that is a safety net, since callers must not
 * log secrets.
 */
export function writableFields(fields: LogFields): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [ownNames.has(name) ? `${name}_` : name, writable(name, value, 0)]),
  );
}

function writable(name: string, value: unknown, depth: number): unknown {
  if (secretNames.has(name.replace(/[^a-z]/gi, '').toLowerCase())) {
    return value === undefined || value === '' ? value : '[redacted]';
  }
  switch (typeof value) {
    case 'string':
      return cutText(value, limits.message.most);
    case 'bigint':
      return value.toString();
    case 'function':
    case 'symbol':
      return undefined;
    case 'object':
      return value === null ? null : writableObject(value, depth);
    default:
      return value;
  }
}

function writableObject(value: object, depth: number): unknown {
  if (value instanceof Error) {
    return errorText(value);
  }
  if (value instanceof Uint8Array) {
    return `${value.length} bytes`;
  }
  if (value instanceof Date) {
    return value.toISOString();
  }
  if (depth === maxDepth) {
    return '…';
  }
  if (Array.isArray(value)) {
    return value.map((item) => writable('', item, depth + 1));
  }
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) {
    return `[${value.constructor.name}]`;
  }
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, writable(name, item, depth + 1)]));
}
