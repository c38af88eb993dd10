import { decodeMeta, encodeMeta, type Meta } from '../../../src/datadir/bbolt/meta.ts';
import type { BboltSample } from './sample.ts';

/** A whole number from 0 to below `limit`. */
export type Draw = (limit: number) => number;

const HEADER = 16;
const ELEMENT = 16;

/** Ways to spoil a copy of a sample; each gives what it did. */
export const spoilers: Readonly<Record<string, (bytes: Buffer, sample: BboltSample, draw: Draw) => string>> = {
  'a bit of a page header': (bytes, sample, draw) => {
    const page = pick(sample.used, draw);
    return flipBit(bytes, page * sample.pageSize + draw(HEADER), draw);
  },
  'a bit of an element': (bytes, sample, draw) => {
    const page = pick(sample.used, draw);
    const count = Math.max(1, bytes.readUInt16LE(page * sample.pageSize + 10));
    return flipBit(bytes, page * sample.pageSize + HEADER + draw(count * ELEMENT), draw);
  },
  'a bit anywhere in a page in use': (bytes, sample, draw) =>
    flipBit(bytes, pick(sample.used, draw) * sample.pageSize + draw(sample.pageSize), draw),
  'an id on the freelist': (bytes, sample, draw) => {
    const at = sample.freelist * sample.pageSize;
    const count = bytes.readUInt16LE(at + 10);
    const place = at + HEADER + draw(count) * 8;
    const id = [draw(sample.pages + 2), pick(sample.used, draw), bytes.readUInt32LE(at + HEADER)][draw(3)] ?? 0;
    bytes.writeUInt32LE(id, place);
    return `${id} written at ${place}`;
  },
  'the length of the freelist': (bytes, sample, draw) => {
    const at = sample.freelist * sample.pageSize + 10;
    const count = [bytes.readUInt16LE(at) - 1, bytes.readUInt16LE(at) + 1, 0xffff, draw(0xffff)][draw(4)] ?? 0;
    bytes.writeUInt16LE(count, at);
    return `${count} pages on the freelist`;
  },
  'two pages swapped': (bytes, sample, draw) => {
    const [one, two] = [pick(sample.used, draw), pick(sample.used, draw)];
    const keepNumbers = draw(2) === 0;
    const first = Buffer.from(pageOf(bytes, sample, one));
    pageOf(bytes, sample, two).copy(bytes, one * sample.pageSize);
    first.copy(bytes, two * sample.pageSize);
    if (keepNumbers) {
      bytes.writeUInt32LE(one, one * sample.pageSize);
      bytes.writeUInt32LE(two, two * sample.pageSize);
    }
    return `${one} and ${two}, numbers ${keepNumbers ? 'kept' : 'swapped, too'}`;
  },
  'a page over another': (bytes, sample, draw) => {
    const [from, to] = [pick(sample.used, draw), pick(sample.used, draw)];
    pageOf(bytes, sample, from).copy(bytes, to * sample.pageSize);
    bytes.writeUInt32LE(to, to * sample.pageSize);
    return `${from} over ${to}`;
  },
  'a page referred to twice': (bytes, sample, draw) => {
    const branch = pick(sample.branches, draw);
    const element =
      branch * sample.pageSize + HEADER + draw(bytes.readUInt16LE(branch * sample.pageSize + 10)) * ELEMENT;
    const target = pick(sample.used, draw);
    bytes.writeUInt32LE(target, element + 8);
    return `branch ${branch} refers to ${target}`;
  },
  'a branch that refers to no page in use': (bytes, sample, draw) => {
    const branch = pick(sample.branches, draw);
    const element =
      branch * sample.pageSize + HEADER + draw(bytes.readUInt16LE(branch * sample.pageSize + 10)) * ELEMENT;
    const target = [0, 1, sample.freelist, sample.pages - 1, sample.pages, sample.pages + 7, 2 ** 31][draw(7)] ?? 0;
    bytes.writeUInt32LE(target, element + 8);
    return `branch ${branch} refers to ${target}`;
  },
  'a page of zeros': (bytes, sample, draw) => {
    const page = pick(sample.used, draw);
    pageOf(bytes, sample, page).fill(0);
    return `page ${page}`;
  },
  'a bit of a meta page': (bytes, sample, draw) => flipBit(bytes, draw(2) * sample.pageSize + draw(80), draw),
  'both metas, with right checksums': (bytes, sample, draw) => {
    const changes: readonly Partial<Meta>[] = [
      { freelist: pick(sample.used, draw) },
      { freelist: sample.pages - 1 },
      { highWater: sample.pages + 1 },
      { highWater: sample.pages - 1 - draw(sample.pages >> 1) },
      { root: { page: pick(sample.used, draw), sequence: 0n } },
    ];
    const change = pick(changes, draw);
    for (const id of [0, 1] as const) {
      const view = new DataView(bytes.buffer, bytes.byteOffset + id * sample.pageSize, sample.pageSize);
      encodeMeta(view, id, { ...decodeMeta(view, { file: '', offset: 0 }), ...change });
    }
    return Object.entries(change)
      .map(([field, value]) => `${field} ${typeof value === 'object' ? value.page : value}`)
      .join();
  },
};

function pick<T>(values: readonly T[], draw: Draw): T {
  const value = values[draw(values.length)];
  if (value === undefined) {
    throw new RangeError('nothing to choose from');
  }
  return value;
}

function pageOf(bytes: Buffer, { pageSize }: BboltSample, page: number): Buffer {
  return bytes.subarray(page * pageSize, (page + 1) * pageSize);
}

function flipBit(bytes: Buffer, at: number, draw: Draw): string {
  const bit = draw(8);
  bytes[at] = (bytes[at] ?? 0) ^ (1 << bit);
  return `bit ${bit} of byte ${at}`;
}
