import type { ProtobufReader } from '../../protobuf/reader.ts';
import { isShallow } from './is-shallow.ts';

/** The last second that RFC 3339 can write, since 1970. */
const LATEST = 253_402_300_799;
const EARLIEST = -62_135_596_800;

/** A time as JSON has it, whole seconds or with six digits of the fraction; null for one that is not set. */
export function timeText(reader: ProtobufReader, form: 'time' | 'microtime'): string | null {
  let seconds: number | undefined;
  let nanos = 0;
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    if (field === 1) seconds = Number(reader.int64());
    else if (field === 2) nanos = Number(reader.int64());
    else reader.skip();
  }
  if (seconds === undefined || seconds < EARLIEST || seconds > LATEST) {
    return null;
  }
  const whole = new Date(seconds * 1_000).toISOString().slice(0, 19);
  return form === 'time' ? `${whole}Z` : `${whole}.${String(Math.floor(nanos / 1_000)).padStart(6, '0')}Z`;
}

/** A quantity such as `500m`, as it was written. */
export function quantity(reader: ProtobufReader): string {
  return stringList(reader)[0] ?? '0';
}

/** A port: a number or a name. */
export function intOrString(reader: ProtobufReader): number | string {
  let isText = false;
  let number = 0;
  let text = '';
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    if (field === 1) isText = reader.boolean();
    else if (field === 2) number = Number(reader.int64());
    else if (field === 3) text = reader.text();
    else reader.skip();
  }
  return isText ? text : number;
}

/** JSON that is kept as such; in base64 where it is none. */
export function parsedJson(reader: ProtobufReader): unknown {
  let bytes: Uint8Array = new Uint8Array(0);
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    if (field === 1) bytes = reader.bytes();
    else reader.skip();
  }
  try {
    const value: unknown = JSON.parse(Buffer.from(bytes).toString());
    return isShallow(value) ? value : Buffer.from(bytes).toString('base64');
  } catch {
    return bytes.length === 0 ? null : Buffer.from(bytes).toString('base64');
  }
}

/** Texts in the first field of a message. */
export function stringList(reader: ProtobufReader): readonly string[] {
  const items: string[] = [];
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    if (field === 1) items.push(reader.text());
    else reader.skip();
  }
  return items;
}
