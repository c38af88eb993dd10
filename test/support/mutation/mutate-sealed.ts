import { headerEnd } from '../../../src/snapshot/encryption/age-header.ts';
import { encrypt } from '../../../src/snapshot/encryption/encrypt.ts';
import { NONCE_SIZE } from '../../../src/snapshot/encryption/payload-key.ts';
import { Recipients } from '../../../src/snapshot/encryption/recipients.ts';
import { ageKey, otherAgeKey } from '../fixtures/age-keys.ts';
import { collected, inPieces } from '../fixtures/byte-streams.ts';
import type { GoldenObject } from '../fixtures/golden-store.ts';
import type { Random } from '../fixtures/random.ts';
import { mutate } from './mutate.ts';

/** A store after somebody or something changed it, and what that was. */
export interface ChangedStore {
  readonly what: string;
  /** `contents`: an object holds bytes that were not stored under any name of this store. `names`: all objects are what was stored, under other names or gone. */
  readonly kind: 'contents' | 'names';
  readonly objects: readonly GoldenObject[];
}

type Change = (objects: readonly GoldenObject[], random: Random) => ChangedStore | Promise<ChangedStore>;

/** Bytes of a chunk of age, as it is stored. */
const SEALED_SIZE = 64 * 1024 + 16;

const CHANGES: readonly Change[] = [
  anyBytes,
  anyBytes,
  anyBytes,
  headerByte,
  lineOfHeader,
  chunks,
  chunks,
  headerOfAnother,
  joined,
  encryptedAgain,
  encryptedToAnother,
  armoured,
  exchanged,
  exchanged,
  copiedOver,
  renamed,
  renamed,
  renumbered,
  removed,
];

/** Changes a store that holds encrypted objects in one way that a bad disk, a confused person or somebody without the key might. */
export async function changeSealed(objects: readonly GoldenObject[], random: Random): Promise<ChangedStore> {
  for (;;) {
    const changed = await random.pick(CHANGES)(objects, random);
    const differs = (object: GoldenObject): boolean =>
      !objects.some(({ key, bytes }) => key === object.key && bytes.equals(object.bytes));
    if (changed.objects.length !== objects.length || changed.objects.some(differs)) {
      return changed;
    }
  }
}

const isSealed = ({ key }: GoldenObject): boolean => key.endsWith('.age');

function sealedOf(objects: readonly GoldenObject[], random: Random): GoldenObject {
  return random.pick(objects.filter(isSealed));
}

function withBytes(
  objects: readonly GoldenObject[],
  object: GoldenObject,
  { what, bytes }: { readonly what: string; readonly bytes: Buffer },
): ChangedStore {
  return {
    what: `${object.key}: ${what}`,
    kind: 'contents',
    objects: objects.map((one) => (one === object ? { ...one, bytes } : one)),
  };
}

/** Where the payload begins: after the header and a nonce. */
function payloadStart({ bytes }: GoldenObject): number {
  return (headerEnd(bytes) ?? 0) + NONCE_SIZE;
}

function anyBytes(objects: readonly GoldenObject[], random: Random): ChangedStore {
  const object = sealedOf(objects, random);
  const start = payloadStart(object);
  const records = Array.from(
    { length: Math.ceil((object.bytes.length - start) / SEALED_SIZE) },
    (_, at) => start + at * SEALED_SIZE,
  );
  const foreign = [
    ...objects.map(({ bytes }) => bytes),
    Buffer.alloc(5000),
    Buffer.alloc(0),
    Buffer.from('age-encryption.org/v1\n'.repeat(300)),
  ];
  return withBytes(
    objects,
    object,
    mutate({ bytes: object.bytes, blockSize: 4096, records: [...records, object.bytes.length], foreign }, random),
  );
}

function headerByte(objects: readonly GoldenObject[], random: Random): ChangedStore {
  const object = sealedOf(objects, random);
  const bytes = Buffer.from(object.bytes);
  const at = random.integer(payloadStart(object));
  bytes[at] = (bytes[at] ?? 0) ^ (1 << random.integer(8));
  return withBytes(objects, object, { what: `a bit of byte ${at} of the header flipped`, bytes });
}

function lineOfHeader(objects: readonly GoldenObject[], random: Random): ChangedStore {
  const object = sealedOf(objects, random);
  const end = headerEnd(object.bytes) ?? 0;
  const lines = object.bytes.toString('latin1', 0, end).split('\n');
  const at = random.integer(lines.length - 1);
  const way = random.pick(['twice', 'gone', 'foreign', 'long'] as const);
  const line = lines[at] ?? '';
  const inPlace = {
    twice: [line, line],
    gone: [],
    foreign: [line, '-> scrypt bBjlhJVYZeE4aqUdmtRHfw 32', 'ZV/AhotwSGqaPCU43cepl4WYUouAa17a3xpu4G2yi5k'],
    long: [`${line} ${'A'.repeat(70_000)}`],
  }[way];
  const changed = [...lines.slice(0, at), ...inPlace, ...lines.slice(at + 1)].join('\n');
  const bytes = Buffer.concat([Buffer.from(changed, 'latin1'), object.bytes.subarray(end)]);
  return withBytes(objects, object, { what: `line ${at} of the header is ${way}`, bytes });
}

function chunks(objects: readonly GoldenObject[], random: Random): ChangedStore {
  const object = sealedOf(objects, random);
  const start = payloadStart(object);
  const pieces: Buffer[] = [];
  for (let at = start; at < object.bytes.length; at += SEALED_SIZE) {
    pieces.push(object.bytes.subarray(at, at + SEALED_SIZE));
  }
  const [first, second] = [random.integer(pieces.length), random.integer(pieces.length)];
  const way = random.pick(['exchanged', 'left out', 'twice', 'cut behind', 'followed by an empty one'] as const);
  const changed = [...pieces];
  if (way === 'exchanged') {
    changed[first] = pieces[second] ?? Buffer.alloc(0);
    changed[second] = pieces[first] ?? Buffer.alloc(0);
  } else if (way === 'followed by an empty one') {
    changed.push(Buffer.alloc(16));
  } else if (way === 'cut behind') {
    changed.splice(first + 1);
  } else {
    changed.splice(first, way === 'twice' ? 0 : 1, ...(way === 'twice' ? [pieces[first] ?? Buffer.alloc(0)] : []));
  }
  const bytes = Buffer.concat([object.bytes.subarray(0, start), ...changed]);
  return withBytes(objects, object, { what: `chunk ${first} of ${pieces.length} is ${way} (${second})`, bytes });
}

function headerOfAnother(objects: readonly GoldenObject[], random: Random): ChangedStore {
  const [object, other] = [sealedOf(objects, random), sealedOf(objects, random)];
  const [from, to] = random.oneIn(2)
    ? [payloadStart(other), payloadStart(object)]
    : [headerEnd(other.bytes) ?? 0, headerEnd(object.bytes) ?? 0];
  const bytes = Buffer.concat([other.bytes.subarray(0, from), object.bytes.subarray(to)]);
  return withBytes(objects, object, { what: `the header is that of ${other.key}`, bytes });
}

function joined(objects: readonly GoldenObject[], random: Random): ChangedStore {
  const [object, other] = [sealedOf(objects, random), random.pick(objects)];
  const bytes = Buffer.concat([object.bytes, other.bytes]);
  return withBytes(objects, object, { what: `${other.key} follows in the same object`, bytes });
}

async function encryptedAgain(objects: readonly GoldenObject[], random: Random): Promise<ChangedStore> {
  const object = random.pick(objects);
  const bytes = await collected(
    encrypt(inPieces(object.bytes, 65_536), await Recipients.parse([random.pick([ageKey, otherAgeKey]).recipient])),
  );
  return withBytes(objects, object, { what: 'encrypted once more', bytes });
}

async function encryptedToAnother(objects: readonly GoldenObject[], random: Random): Promise<ChangedStore> {
  const object = sealedOf(objects, random);
  const bytes = await collected(
    encrypt(inPieces(Buffer.alloc(100_000, 7), 65_536), await Recipients.parse([otherAgeKey.recipient])),
  );
  return withBytes(objects, object, { what: 'something else, encrypted to another key', bytes });
}

function armoured(objects: readonly GoldenObject[], random: Random): ChangedStore {
  const object = sealedOf(objects, random);
  const lines = object.bytes.toString('base64').replaceAll(/.{64}/g, '$&\n');
  const bytes = Buffer.from(`-----BEGIN AGE ENCRYPTED FILE-----\n${lines}\n-----END AGE ENCRYPTED FILE-----\n`);
  return withBytes(objects, object, { what: 'as text (age --armor)', bytes });
}

function exchanged(objects: readonly GoldenObject[], random: Random): ChangedStore {
  const [first, second] = [random.pick(objects), random.pick(objects)];
  return {
    what: `${first.key} and ${second.key} exchanged`,
    kind: 'names',
    objects: objects.map((one) => {
      const other = one === first ? second : one === second ? first : one;
      return { key: one.key, bytes: other.bytes };
    }),
  };
}

function copiedOver(objects: readonly GoldenObject[], random: Random): ChangedStore {
  const [first, second] = [random.pick(objects), random.pick(objects)];
  return {
    what: `${second.key} copied over ${first.key}`,
    kind: 'names',
    objects: objects.map((one) => (one === first ? { ...one, bytes: second.bytes } : one)),
  };
}

/** Under a name that says something else of how it is packed. */
function renamed(objects: readonly GoldenObject[], random: Random): ChangedStore {
  const object = random.pick(objects);
  const [base = ''] = object.key.split('.');
  const suffix = random.pick(['', '.gz', '.zst', '.zlib', '.Z', '.age', '.gz.age', '.zst.age', '.zlib.age', '.Z.age']);
  const key = `${base}${suffix}`;
  const also = random.oneIn(3);
  return {
    what: `${object.key} ${also ? 'also' : 'now'} called ${key}`,
    kind: 'names',
    objects: [
      ...objects.filter((one) => one !== object && one.key !== key),
      { ...object, key },
      ...(also ? [object] : []),
    ],
  };
}

/** Under a name that says other revisions or another time; what the name says is possible, and it ends no earlier. */
function renumbered(objects: readonly GoldenObject[], random: Random): ChangedStore {
  const object = random.pick(objects);
  const [, kind = '', start = '', last = '', time = '', suffix = ''] =
    /^(v2\/[A-Za-z]+)-(\d+)-(\d+)-(\d+)(.*)$/.exec(object.key) ?? [];
  const other = (text: string): string =>
    random.oneIn(2) ? text : String(Math.max(0, Number(text) + random.integer(61) - 30)).padStart(8, '0');
  const isFull = kind.endsWith('Full');
  const end = other(last);
  const begin = isFull || Number(end) < Number(start) ? start : other(start);
  const isLast = objects.every((one) => one === object || !one.key.includes('Incr') || one.key < object.key);
  const taken = random.oneIn(3) ? Number(time) + random.integer(13) - 6 : time;
  const key = `${kind}-${begin}-${isLast || Number(end) < Number(begin) ? last : end}-${taken}${suffix}`;
  return {
    what: `${object.key} now called ${key}`,
    kind: 'names',
    objects: [...objects.filter((one) => one !== object && one.key !== key), { ...object, key }],
  };
}

/** The last delta is what says where the backup ends; without it the backup ends earlier. */
function removed(objects: readonly GoldenObject[], random: Random): ChangedStore {
  const object = sealedOf(objects, random);
  return { what: `${object.key} removed`, kind: 'names', objects: objects.filter((one) => one !== object) };
}
