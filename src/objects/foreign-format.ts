/** What a file is that is no database and no snapshot, and what to do with it. */
export interface ForeignFormat {
  readonly found: string;
  readonly remedy: string;
}

/** Bytes from the beginning of a file that are looked at. */
export const FORMAT_BYTES = 512;

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
];

const AGAIN = 'fetch the file again, and look at what the server says';

/**
 * Recognises what is given for a snapshot by mistake, from the first {@link FORMAT_BYTES} of a file. Undefined for everything else,
 * a damaged database among it: that is looked into further.
 */
export function foreignFormat(first: Uint8Array): ForeignFormat | undefined {
  if (first.length === 0) {
    return { found: 'it is empty', remedy: 'look for another copy of the file' };
  }
  const known = FORMATS.find(({ magic }) => magic.every((byte, at) => first[at] === byte));
  if (known !== undefined) {
    return { found: known.found, remedy: known.remedy };
  }
  if (Buffer.from(first.subarray(257, 262)).toString('latin1') === 'ustar') {
    return { found: 'it is a tar archive', remedy: UNPACK };
  }
  const text = Buffer.from(first).toString('latin1');
  if (!/^(?:\xef\xbb\xbf)?[\t\n\f\r\x20-\x7e\x80-\xff]*$/.test(text)) {
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
  return { found: 'it is text', remedy: 'give a full snapshot, or the db of a data directory (member/snap/db)' };
}
