import { type Revision, revision } from '../revision.ts';
import type { Compression, Encryption, Layout, Snapshot, SnapshotKind } from './snapshot.ts';

/** What a key below a store's prefix is. */
export type ParsedName =
  | { readonly outcome: 'snapshot'; readonly snapshot: Snapshot }
  /** No snapshot; `reason` says what is wrong with the name. */
  | { readonly outcome: 'foreign'; readonly reason: string };

const SUFFIXES: Readonly<Record<Compression, string>> = {
  none: '',
  gzip: '.gz',
  zlib: '.zlib',
  lzw: '.Z',
  zstd: '.zst',
};
const COMPRESSIONS = Object.keys(SUFFIXES) as readonly Compression[];
const ENCRYPTED_SUFFIX = '.age';
const FINAL_SUFFIX = '.final';
const NAME = /^(Full|Incr)-(\d+)-(\d+)-(\d+)((?:\.[^./]+)*)$/;
const CHUNK = /^\d+$/;
const V1_FOLDER = /^Backup-\d+$/;
/** The end of the year 9999, seconds since the epoch: the last time that is written with four digits of the year. */
export const LAST_TIME = 253_402_300_799;
/** There is always a revision after it that a number can hold. */
const LAST_REVISION = Number.MAX_SAFE_INTEGER - 1;

/** The parts of an object's name. */
export interface NameParts {
  readonly kind: SnapshotKind;
  readonly startRevision: Revision;
  readonly lastRevision: Revision;
  /** Whole seconds since the Unix epoch. */
  readonly createdOn: number;
  readonly compression: Compression;
  readonly encryption?: Encryption | undefined;
  readonly isFinal: boolean;
}

/** The suffix of an object's name for how its bytes are packed; empty where they are as they were. */
export function packingSuffix({ compression, encryption }: Pick<NameParts, 'compression' | 'encryption'>): string {
  return `${SUFFIXES[compression]}${encryption === undefined ? '' : ENCRYPTED_SUFFIX}`;
}

/** `<Kind>-<start %08d>-<last %08d>-<unix seconds><compression suffix>[.age][.final]`; revisions above eight digits grow longer. */
export function formatName(parts: NameParts): string {
  const start = String(parts.startRevision).padStart(8, '0');
  const last = String(parts.lastRevision).padStart(8, '0');
  const final = parts.isFinal ? FINAL_SUFFIX : '';
  return `${parts.kind}-${start}-${last}-${parts.createdOn}${packingSuffix(parts)}${final}`;
}

/** A new snapshot in the layout that is written, v2. Throws a RangeError when the first revision is above the last. */
export function newSnapshot(parts: NameParts): Snapshot {
  if (parts.startRevision > parts.lastRevision) {
    throw new RangeError(`a snapshot cannot begin at revision ${parts.startRevision} and end at ${parts.lastRevision}`);
  }
  return { ...parts, layout: 'v2', directory: '', name: formatName(parts), chunk: undefined };
}

/** The name that part `number` (from 1) of an object has below the object's own: `%010d`. */
function formatChunkNumber(number: number): string {
  return String(number).padStart(10, '0');
}

/** The key of a snapshot relative to its store's prefix: `v2/NAME`, `v1/Backup-UNIX/NAME`, each with `/CHUNK` where it is one. */
export function relativeKey(snapshot: Snapshot): string {
  const folder = snapshot.layout === 'v1' ? `v1/${snapshot.directory}` : 'v2';
  const chunk = snapshot.chunk === undefined ? '' : `/${formatChunkNumber(snapshot.chunk)}`;
  return `${folder}/${snapshot.name}${chunk}`;
}

/** Reads a key relative to a store's prefix; the inverse of {@link relativeKey}. Never throws. */
export function parseRelativeKey(key: string): ParsedName {
  const [layout, ...rest] = key.split('/');
  switch (layout) {
    case 'v1':
      return parseBelow({ layout, directory: rest[0] ?? '', segments: rest.slice(1) });
    case 'v2':
      return parseBelow({ layout, directory: '', segments: rest });
    default:
      return foreign('it is below neither v1/ nor v2/');
  }
}

function parseBelow(place: {
  readonly layout: Layout;
  readonly directory: string;
  readonly segments: readonly string[];
}): ParsedName {
  const { layout, directory, segments } = place;
  const [name, chunk, ...deeper] = segments;
  if (name === undefined || name === '') {
    return foreign(layout === 'v1' ? 'it is not inside a Backup-<seconds> folder' : 'it has no name');
  }
  if (deeper.length > 0) {
    return foreign('it is too many folders deep');
  }
  if (layout === 'v2' && V1_FOLDER.test(name)) {
    return foreign(`it is in a folder of layout v1, where no backups are searched; move it out of ${name}/ into v2/`);
  }
  const match = NAME.exec(name);
  if (match === null) {
    return foreign('its name is not <Full|Incr>-<start>-<last>-<seconds>[.<compression>][.age][.final]');
  }
  const [, kind, start, last, seconds, suffixes = ''] = match;
  const startRevision = parseRevision(start);
  const lastRevision = parseRevision(last);
  const createdOn = Number(seconds);
  if (startRevision === undefined || lastRevision === undefined || createdOn > LAST_TIME) {
    return foreign('a number in its name is too large');
  }
  if (startRevision > lastRevision) {
    return foreign('its first revision is above its last');
  }
  const isFinal = suffixes.endsWith(FINAL_SUFFIX);
  const packed = isFinal ? suffixes.slice(0, -FINAL_SUFFIX.length) : suffixes;
  const isEncrypted = packed.endsWith(ENCRYPTED_SUFFIX);
  const compressed = isEncrypted ? packed.slice(0, -ENCRYPTED_SUFFIX.length) : packed;
  const compression = COMPRESSIONS.find((candidate) => SUFFIXES[candidate] === compressed);
  if (compression === undefined) {
    return foreign(`its suffix "${packed}" is not one of .gz, .zlib, .Z, .zst, .age, .final`);
  }
  if (chunk !== undefined && (!CHUNK.test(chunk) || !Number.isSafeInteger(Number(chunk)))) {
    return foreign('the part after its name is not a number');
  }
  return {
    outcome: 'snapshot',
    snapshot: {
      kind: kind === 'Full' ? 'Full' : 'Incr',
      startRevision,
      lastRevision,
      createdOn,
      compression,
      ...(isEncrypted ? { encryption: 'age' } : {}),
      isFinal,
      layout,
      directory,
      name,
      chunk: chunk === undefined ? undefined : Number(chunk),
    },
  };
}

function parseRevision(digits: string | undefined): Revision | undefined {
  const value = Number(digits);
  return value <= LAST_REVISION ? revision(value) : undefined;
}

function foreign(reason: string): ParsedName {
  return { outcome: 'foreign', reason };
}
