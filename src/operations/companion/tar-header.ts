/** What an entry of a tar archive is. */
export type TarKind = 'file' | 'directory' | 'symlink';

/** One entry, without its contents. */
export interface TarEntry {
  /** Relative, with `/`, without `..`. */
  readonly path: string;
  readonly kind: TarKind;
  /** Permission bits, such as 0o600. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Bytes of a file; 0 otherwise. */
  readonly size: number;
  /** Last change, whole seconds since the epoch. */
  readonly modified: number;
  /** Where a symbolic link leads. */
  readonly target: string | undefined;
}

/** All of a tar archive comes in blocks of so many bytes. */
export const tarBlock = 512;

/** The archive is damaged or holds what we do not write. */
export class TarDamage extends Error {}

const typeFlags: Readonly<Record<TarKind, string>> = { file: '0', directory: '5', symlink: '2' };

/*
 * A POSIX header block (IEEE 1003.1, pax and ustar): name 0/100, mode 100/8, uid 108/8, gid 116/8, size 124/12,
 * mtime 136/12, checksum 148/8, type 156/1, link name 157/100, magic "ustar\0" 257, version "00" 263. What does not fit
 * stands in a pax header (type `x`) before it: records "<length> <key>=<value>\n".
 */

/** The header blocks of an entry. */
export function encodeTarHeader(entry: TarEntry): Buffer {
  const records = [
    ['path', entry.path, 100],
    ['linkpath', entry.target ?? '', 100],
    ['uid', String(entry.uid), 7],
    ['gid', String(entry.gid), 7],
    ['size', String(entry.size), 11],
  ] as const;
  const needed = records.filter(([key, value, room]) =>
    key === 'path' || key === 'linkpath' ? Buffer.byteLength(value) > room : Number(value).toString(8).length > room,
  );
  const pax = Buffer.concat(needed.map(([key, value]) => paxRecord(key, value)));
  const extra =
    pax.length === 0
      ? []
      : [block({ ...entry, path: 'PaxHeader', target: undefined, size: pax.length }, 'x'), padded(pax)];
  return Buffer.concat([...extra, block(entry, typeFlags[entry.kind])]);
}

/** `bytes` and zeros up to the end of the block. */
export function padded(bytes: Buffer): Buffer {
  return Buffer.concat([bytes, Buffer.alloc((tarBlock - (bytes.length % tarBlock)) % tarBlock)]);
}

/** A header as it was read: an entry, the attributes of the next one, or the end of the archive. */
export type TarHeader =
  | { readonly what: 'entry'; readonly entry: TarEntry }
  | { readonly what: 'attributes'; readonly size: number }
  | { readonly what: 'end' };

/** Reads a header block, with the attributes that stood before it. Throws {@link TarDamage}. */
export function decodeTarHeader(header: Buffer, attributes: ReadonlyMap<string, string>): TarHeader {
  if (header.every((byte) => byte === 0)) {
    return { what: 'end' };
  }
  if (checksum(header) !== octal(header, 148, 8) || header.toString('latin1', 257, 262) !== 'ustar') {
    throw new TarDamage('a header is damaged');
  }
  const type = String.fromCharCode(header[156] ?? 0);
  const number = (key: string, at: number, length: number): number => {
    const value = Number(attributes.get(key) ?? octal(header, at, length));
    if (!Number.isSafeInteger(value) || value < 0) {
      throw new TarDamage(`a header has no valid ${key}`);
    }
    return value;
  };
  const size = number('size', 124, 12);
  if (type === 'x') {
    return { what: 'attributes', size };
  }
  const kind = (['file', 'directory', 'symlink'] as const).find((each) => typeFlags[each] === type);
  if (kind === undefined) {
    throw new TarDamage(`it holds an entry of type ${JSON.stringify(type)}`);
  }
  const path = attributes.get('path') ?? text(header, 0, 100);
  const target = attributes.get('linkpath') ?? text(header, 157, 100);
  return {
    what: 'entry',
    entry: {
      path,
      kind,
      mode: octal(header, 100, 8) & 0o7777,
      uid: number('uid', 108, 8),
      gid: number('gid', 116, 8),
      size: kind === 'file' ? size : 0,
      modified: octal(header, 136, 12),
      target: kind === 'symlink' ? target : undefined,
    },
  };
}

/** Reads the records of a pax header. Throws {@link TarDamage}. */
export function decodePaxRecords(bytes: Buffer): ReadonlyMap<string, string> {
  const records = new Map<string, string>();
  for (let at = 0; at < bytes.length; ) {
    const length = Number(/^(\d+) /.exec(bytes.toString('latin1', at, at + 12))?.[1]);
    const record = bytes.toString('utf8', at, at + length);
    const match = /^\d+ ([^=]+)=(.*)\n$/s.exec(record);
    if (match === null) {
      throw new TarDamage('attributes of an entry are damaged');
    }
    records.set(String(match[1]), String(match[2]));
    at += length;
  }
  return records;
}

function block(entry: TarEntry, type: string): Buffer {
  const header = Buffer.alloc(tarBlock);
  header.write(shortened(entry.path), 0);
  writeOctal(header, entry.mode, 100, 8);
  writeOctal(header, entry.uid, 108, 8);
  writeOctal(header, entry.gid, 116, 8);
  writeOctal(header, entry.size, 124, 12);
  writeOctal(header, Math.max(0, entry.modified), 136, 12);
  header.write(type, 156);
  header.write(shortened(entry.target ?? ''), 157);
  header.write('ustar\u000000', 257, 'latin1');
  header.write(`${checksum(header).toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return header;
}

/** What fits into 100 bytes; the whole of it stands in a pax header when it does not. */
function shortened(value: string): string {
  return Buffer.byteLength(value) <= 100
    ? value
    : Buffer.from(value)
        .subarray(0, 60)
        .toString('latin1')
        .replace(/[^ -~]/g, '_');
}

/** The sum of all bytes, those of the checksum counted as blanks. */
function checksum(header: Buffer): number {
  return header.reduce((sum, byte, at) => sum + (at >= 148 && at < 156 ? 32 : byte), 0);
}

/** A number that has no room stands in a pax header. */
function writeOctal(header: Buffer, value: number, at: number, length: number): void {
  const digits = value.toString(8);
  header.write((digits.length < length ? digits : '0').padStart(length - 1, '0'), at, 'latin1');
}

function octal(header: Buffer, at: number, length: number): number {
  const digits = text(header, at, length).trim();
  return /^[0-7]+$/.test(digits) ? Number.parseInt(digits, 8) : Number.NaN;
}

function text(header: Buffer, at: number, length: number): string {
  const end = header.subarray(at, at + length).indexOf(0);
  return header.toString('utf8', at, at + (end < 0 ? length : end));
}

function paxRecord(key: string, value: string): Buffer {
  const rest = Buffer.from(` ${key}=${value}\n`);
  let length = rest.length + 1;
  while (String(length).length + rest.length !== length) {
    length = String(length).length + rest.length;
  }
  return Buffer.concat([Buffer.from(String(length)), rest]);
}
