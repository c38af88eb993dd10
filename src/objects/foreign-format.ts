import { holdsMetaMark } from '../datadir/bbolt/meta.ts';

/** What a file is that is no database and no snapshot, and what to do with it. */
export interface ForeignFormat {
  readonly found: string;
  readonly remedy: string;
}

/** Bytes from the beginning of a file that say what else it is. */
const FORMAT_BYTES = 512;

/** Bytes that are shown of what is not recognised. */
const SHOWN_BYTES = 8;

/** What to give instead of a file that is none. */
export const SNAPSHOT_WANTED = 'give a full snapshot, or the db of a data directory (member/snap/db)';
const UNPACK = 'unpack it, and give the file inside';

/** First bytes of files that are not taken as they are. */
const FORMATS: readonly (ForeignFormat & { readonly magic: readonly number[] })[] = [
  { magic: [0x50, 0x4b, 0x03, 0x04], found: 'it is a ZIP archive', remedy: `${UNPACK} (k3s stores snapshots so)` },
  { magic: [0xfd, 0x37, 0x7a, 0x58, 0x5a], found: 'it is compressed with xz', remedy: 'unpack it with xz -d' },
  { magic: [0x42, 0x5a, 0x68], found: 'it is compressed with bzip2', remedy: 'unpack it with bzip2 -d' },
  { magic: [0x04, 0x22, 0x4d, 0x18], found: 'it is compressed with lz4', remedy: 'unpack it with lz4 -d' },
  { magic: [0x37, 0x7a, 0xbc, 0xaf], found: 'it is a 7z archive', remedy: UNPACK },
  {
    magic: [0x53, 0x61, 0x6c, 0x74, 0x65, 0x64, 0x5f, 0x5f],
    found: 'it is encrypted with openssl enc',
    remedy: 'decrypt it',
  },
  { magic: [0x1f, 0x9d], found: 'it is compressed with compress', remedy: 'unpack it with uncompress' },
  { magic: [0x7f, 0x45, 0x4c, 0x46], found: 'it is a program', remedy: SNAPSHOT_WANTED },
  {
    magic: [...Buffer.from('SQLite format 3')],
    found: 'it is a database of SQLite, not of etcd',
    remedy: SNAPSHOT_WANTED,
  },
  { magic: [0x89, 0x50, 0x4e, 0x47], found: 'it is a picture (PNG)', remedy: SNAPSHOT_WANTED },
  { magic: [0xff, 0xd8, 0xff], found: 'it is a picture (JPEG)', remedy: SNAPSHOT_WANTED },
  { magic: [...Buffer.from('GIF8')], found: 'it is a picture (GIF)', remedy: SNAPSHOT_WANTED },
  { magic: [...Buffer.from('%PDF-')], found: 'it is a document (PDF)', remedy: SNAPSHOT_WANTED },
  { magic: [0xff, 0xfe], found: 'it is text (UTF-16)', remedy: SNAPSHOT_WANTED },
  { magic: [0xfe, 0xff], found: 'it is text (UTF-16)', remedy: SNAPSHOT_WANTED },
];

const OF_THE_LOG = 'give the data directory that it belongs to, or its db (member/snap/db)';

/** Files of etcd beside its database, by their names: what they begin with is no mark. */
const BESIDE_DATABASE: readonly (ForeignFormat & { readonly name: RegExp })[] = [
  { name: /\.wal$/, found: "it is a part of etcd's write-ahead log", remedy: OF_THE_LOG },
  { name: /\.snap$/, found: 'it is a file that etcd keeps beside its database, without keys', remedy: OF_THE_LOG },
];

const AGAIN = 'fetch the file again, and look at what the server says';

/**
 * Recognises what is given for a snapshot by mistake, from the first bytes of a file and its name. Undefined for what begins as a
 * database, a damaged one among it: that is looked into further. The first two pages of a database decide, as it is read where one
 * of them is sound.
 */
export function foreignFormat(beginning: Uint8Array, name: string): ForeignFormat | undefined {
  if (beginning.length === 0) {
    return { found: 'it is empty', remedy: 'look for another copy of the file' };
  }
  if (holdsMetaMark(beginning)) {
    return undefined;
  }
  return knownFormat(beginning, name) ?? unknownFormat(beginning);
}

/** What the first bytes of a file or its name are a mark of, other than a database; undefined where there is none. */
export function knownFormat(beginning: Uint8Array, name: string): ForeignFormat | undefined {
  const known =
    FORMATS.find(({ magic }) => magic.every((byte, at) => beginning[at] === byte)) ??
    BESIDE_DATABASE.find((file) => file.name.test(name));
  if (known !== undefined) {
    return { found: known.found, remedy: known.remedy };
  }
  const first = Buffer.from(beginning.subarray(0, FORMAT_BYTES)).toString('latin1');
  return first.slice(257, 262) === 'ustar' ? { found: 'it is a tar archive', remedy: UNPACK } : textFormat(first);
}

function textFormat(text: string): ForeignFormat | undefined {
  const foreign = text.replace(/[\t\n\f\r\x20-\x7e]/g, '');
  if (!/^[\x80-\xff]*$/.test(foreign) || (foreign.length > text.length / 4 && !isUtf8(text))) {
    return undefined;
  }
  const start = text.replace(/^\xef\xbb\xbf/, '').trimStart();
  if (start.startsWith('-----BEGIN AGE ENCRYPTED FILE-----')) {
    return { found: 'it is encrypted with age, and written as text', remedy: 'decrypt it with age -d' };
  }
  if (start.startsWith('<')) {
    return { found: 'it is a page of HTML or XML, as of a download that failed', remedy: AGAIN };
  }
  if (start.startsWith('{') || start.startsWith('[')) {
    return { found: 'it is JSON, as of a download that failed', remedy: AGAIN };
  }
  return { found: 'it is text', remedy: SNAPSHOT_WANTED };
}

/** Whether the bytes of a text that may be cut at its end are UTF-8. */
function isUtf8(latin1: string): boolean {
  return !new TextDecoder().decode(Buffer.from(latin1, 'latin1'), { stream: true }).includes('\ufffd');
}

/** What is neither a database nor anything known; it may have been a database. */
function unknownFormat(beginning: Uint8Array): ForeignFormat {
  const first = Buffer.from(beginning.subarray(0, SHOWN_BYTES)).toString('hex').replace(/..\B/g, '$& ');
  const begins = beginning.every((byte) => byte === 0) ? 'zeros' : `the bytes ${first}`;
  return {
    found: `it is not a snapshot of etcd: it begins with ${begins}, not as a database`,
    remedy: `${SNAPSHOT_WANTED}; if it was one, its beginning is lost: use another copy or an older backup`,
  };
}
