import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { constants, gzipSync, type ZlibOptions, type ZstdOptions, zstdCompressSync } from 'node:zlib';
import {
  loadNativeExpander,
  type NativeExpander,
  type NativeFormat,
} from '../../../../src/snapshot/compression/native-expander.ts';
import { podNames, seededBytes, seededRandom } from '../../../support/fixtures/byte-streams.ts';
import { randomWalkLength } from '../../../support/fixtures/random-walk-length.ts';

async function loaded(format: NativeFormat): Promise<NativeExpander> {
  const expander = await loadNativeExpander(format);
  assert.ok(expander !== undefined, 'it is built by `make install`');
  return expander;
}

const TEXT = podNames().subarray(0, 100_000);

const CONTENTS = {
  nothing: Buffer.alloc(0),
  'a byte': Buffer.from('a'),
  zeros: Buffer.alloc(300_000),
  text: TEXT,
  noise: seededBytes(70_000, 5),
};

/** Bytes that are packed, in several ways that Node knows. */
type Packers = Readonly<Record<string, (bytes: Uint8Array) => Buffer>>;

const gzip = (options: ZlibOptions) => (bytes: Uint8Array) => gzipSync(bytes, options);
const zstd = (params: ZstdOptions['params']) => (bytes: Uint8Array) => zstdCompressSync(bytes, { params });

const WAYS: Readonly<Record<NativeFormat, Packers>> = {
  gunzip: {
    stored: gzip({ level: 0 }),
    fast: gzip({ level: 1 }),
    best: gzip({ level: 9 }),
    'without matches': gzip({ strategy: constants.Z_HUFFMAN_ONLY }),
    'with fixed codes': gzip({ strategy: constants.Z_FIXED }),
  },
  unzstd: {
    fast: zstd({ [constants.ZSTD_c_compressionLevel]: -5 }),
    usual: zstd({}),
    best: zstd({ [constants.ZSTD_c_compressionLevel]: 19 }),
    'with a checksum': zstd({ [constants.ZSTD_c_checksumFlag]: 1 }),
    'without its size': zstd({ [constants.ZSTD_c_contentSizeFlag]: 0 }),
  },
};

/** With a checksum of the contents, which gzip has always. */
const CHECKED: Readonly<Record<NativeFormat, (bytes: Uint8Array) => Buffer>> = {
  gunzip: gzip({}),
  unzstd: zstd({ [constants.ZSTD_c_checksumFlag]: 1 }),
};

/** Where the contents begin, after what may say nothing: the time and the system in the header of gzip. */
const CONTENTS_AT: Readonly<Record<NativeFormat, number>> = { gunzip: 10, unzstd: 0 };

for (const format of ['gunzip', 'unzstd'] as const) {
  describe(format, () => {
    for (const [what, bytes] of Object.entries(CONTENTS)) {
      it(`expands ${what}, packed in whatever way`, async () => {
        const expander = await loaded(format);
        for (const [way, packer] of Object.entries(WAYS[format])) {
          const packed = packer(bytes);
          // What follows in its memory is not looked at.
          const input = Buffer.concat([packed, Buffer.from('rest')]);
          const output = Buffer.alloc(bytes.length + 10, 0xaa);
          assert.equal(await expander(input, packed.length, output), bytes.length, way);
          assert.ok(output.subarray(0, bytes.length).equals(bytes), way);
          assert.ok(output.subarray(bytes.length).equals(Buffer.alloc(10, 0xaa)), 'nothing is written after it');
        }
      });
    }

    it('refuses what is not whole and sound', async () => {
      const expander = await loaded(format);
      const packed = CHECKED[format](TEXT);
      const output = Buffer.alloc(2 * TEXT.length);
      const refused = async (input: Buffer, why: string, room = output): Promise<void> => {
        assert.equal(await expander(input, input.length, room), -1, why);
      };
      await refused(packed.subarray(0, 3), 'three bytes');
      await refused(packed.subarray(0, -1), 'its end is missing');
      await refused(Buffer.concat([packed, Buffer.alloc(1)]), 'a byte follows');
      await refused(packed, 'no room', Buffer.alloc(TEXT.length - 1));
    });

    it('notices each altered byte of what is expanded', async () => {
      const expander = await loaded(format);
      const packed = CHECKED[format](TEXT);
      const random = seededRandom(11);
      const output = Buffer.alloc(2 * TEXT.length);
      for (let round = randomWalkLength({ usual: 100, long: 20_000 }); round > 0; round -= 1) {
        const altered = Buffer.from(packed);
        const place = CONTENTS_AT[format] + Math.floor(random() * (packed.length - CONTENTS_AT[format]));
        altered[place] = (altered[place] ?? 0) ^ (1 << Math.floor(random() * 8));
        const expanded = await expander(altered, altered.length, output);
        // A bit of the last block, or of the header, may be one that says nothing.
        assert.ok(expanded === -1 || output.subarray(0, expanded).equals(TEXT), `at ${place}`);
      }
    });

    it('throws for what is no array of bytes, or shorter than it is said to be: a fault of the caller', async () => {
      const expander = await loaded(format);
      const bytes = Buffer.alloc(10);
      for (const [input, size, output] of [
        [bytes, 11, bytes],
        [bytes, -1, bytes],
        [[1, 2], 2, bytes],
        [bytes, 10, new Uint32Array(4)],
      ] as const) {
        assert.throws(() => void expander(input as Uint8Array, size, output as unknown as Uint8Array), TypeError);
      }
    });
  });
}

describe('gunzip', () => {
  it('refuses two members, and none', async () => {
    const gunzip = await loaded('gunzip');
    assert.equal(await gunzip(Buffer.alloc(0), 0, Buffer.alloc(1)), -1);
    const members = Buffer.concat([CHECKED.gunzip(TEXT), CHECKED.gunzip(TEXT)]);
    assert.equal(await gunzip(members, members.length, Buffer.alloc(2 * TEXT.length)), -1);
  });

  it('refuses a header with a checksum that is wrong', async () => {
    const gunzip = await loaded('gunzip');
    const member = CHECKED.gunzip(TEXT);
    const withHeaderChecksum = Buffer.concat([member.subarray(0, 10), Buffer.alloc(2), member.subarray(10)]);
    withHeaderChecksum.writeUInt8(2, 3);
    assert.equal(await gunzip(withHeaderChecksum, withHeaderChecksum.length, Buffer.alloc(2 * TEXT.length)), -1);
  });
});

describe('unzstd', () => {
  it('expands frames that follow each other, and none of them when one is damaged', async () => {
    const unzstd = await loaded('unzstd');
    const output = Buffer.alloc(2 * TEXT.length);
    const first = CHECKED.unzstd(TEXT);
    const second = CHECKED.unzstd(TEXT.subarray(0, 50_000));
    const both = Buffer.concat([first, second]);
    assert.equal(await unzstd(both, both.length, output), TEXT.length + 50_000);
    assert.ok(output.subarray(0, TEXT.length + 50_000).equals(Buffer.concat([TEXT, TEXT.subarray(0, 50_000)])));
    both[first.length + 100] = (both[first.length + 100] ?? 0) ^ 1;
    assert.equal(await unzstd(both, both.length, output), -1);
  });
});
