import type { Random } from '../fixtures/random.ts';

/** A change of a file and what it was, in words. */
export interface Mutation {
  readonly what: string;
  readonly bytes: Buffer;
}

/** What is to be changed. */
export interface Mutable {
  readonly bytes: Buffer;
  /** Bytes of what the file is made of; pages of this size change places. */
  readonly blockSize: number;
  /** Offsets where records begin, with the end of the last one; empty for a file without records. */
  readonly records: readonly number[];
  /** Contents of quite other files. */
  readonly foreign: readonly Buffer[];
}

type Mutator = (file: Mutable, random: Random) => Mutation;

const MUTATORS: readonly Mutator[] = [
  flip,
  flip,
  flip,
  truncate,
  swapBlocks,
  zero,
  duplicateRecord,
  overwrite,
  replace,
];

/** Changes a file in one way that a bad disk, a broken transfer or a confused person might. Never leaves it as it was. */
export function mutate(file: Mutable, random: Random): Mutation {
  for (;;) {
    const mutation = random.pick(MUTATORS)(file, random);
    if (!mutation.bytes.equals(file.bytes)) {
      return mutation;
    }
  }
}

function flip({ bytes }: Mutable, random: Random): Mutation {
  const changed = Buffer.from(bytes);
  const places = Array.from({ length: random.pick([1, 1, 1, 2, 8]) }, () => random.integer(bytes.length * 8));
  for (const place of places) {
    changed[place >>> 3] = (changed[place >>> 3] ?? 0) ^ (1 << (place & 7));
  }
  return { what: `bits ${places.map((place) => `${place >>> 3}.${place & 7}`).join(' ')} flipped`, bytes: changed };
}

function truncate({ bytes, blockSize }: Mutable, random: Random): Mutation {
  const anywhere = random.integer(bytes.length);
  const end = random.oneIn(2) ? anywhere : anywhere - (anywhere % blockSize);
  return { what: `cut off at ${end}`, bytes: Buffer.from(bytes.subarray(0, end)) };
}

function swapBlocks({ bytes, blockSize }: Mutable, random: Random): Mutation {
  const blocks = Math.max(1, Math.floor(bytes.length / blockSize));
  const [first, second] = [random.integer(blocks) * blockSize, random.integer(blocks) * blockSize];
  const changed = Buffer.from(bytes);
  bytes.copy(changed, first, second, second + blockSize);
  bytes.copy(changed, second, first, first + blockSize);
  return { what: `blocks at ${first} and ${second} swapped`, bytes: changed.subarray(0, bytes.length) };
}

function zero({ bytes, blockSize }: Mutable, random: Random): Mutation {
  const from = random.integer(bytes.length);
  const to = Math.min(bytes.length, from + 1 + random.integer(random.pick([16, 512, 2 * blockSize])));
  return { what: `zeros from ${from} to ${to}`, bytes: Buffer.from(bytes).fill(0, from, to) };
}

function duplicateRecord({ bytes, records }: Mutable, random: Random): Mutation {
  if (records.length < 2) {
    return { what: 'nothing', bytes };
  }
  const place = random.integer(records.length - 1);
  const [from = 0, to = 0] = records.slice(place, place + 2);
  const record = bytes.subarray(from, to);
  return {
    what: `record at ${from} duplicated`,
    bytes: Buffer.concat([bytes.subarray(0, to), record, bytes.subarray(to)]),
  };
}

function overwrite({ bytes, foreign }: Mutable, random: Random): Mutation {
  const source = random.pick(foreign);
  const at = random.integer(bytes.length);
  const from = random.integer(source.length);
  const changed = Buffer.from(bytes);
  const length = source.copy(changed, at, from, from + 1 + random.integer(2000));
  return { what: `${length} bytes of another file at ${at}`, bytes: changed };
}

function replace({ foreign }: Mutable, random: Random): Mutation {
  const source = random.pick(foreign);
  return { what: `replaced by another file of ${source.length} bytes`, bytes: source };
}
