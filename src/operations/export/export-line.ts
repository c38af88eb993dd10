import * as z from 'zod/mini';
import type { ExportedKey } from './exported-key.ts';

/** What an export says of itself in its first line. */
export interface ExportHeader {
  /** Revision of the state. */
  readonly revision: number;
  /** Where the state was read, for people. */
  readonly source: string;
  /** Names of the snapshots that it was read from, base first; empty where it was no store. */
  readonly snapshots: readonly string[];
  /** Of the cluster whose state it is; undefined where it is not known. */
  readonly clusterId: bigint | undefined;
  /** Of its members, where that is not known. */
  readonly memberIds: readonly bigint[];
}

/** A line of an export, see docs/formats.md. */
export type ExportLine =
  | ({ readonly kind: 'header' } & ExportHeader)
  /** `value` is undefined where it is in the file of that name. */
  | ({ readonly kind: 'key' } & Omit<ExportedKey, 'value'> & {
        readonly value: Uint8Array | undefined;
        readonly file: { readonly path: string; readonly size: number; readonly sha256: string } | undefined;
      })
  | { readonly kind: 'footer'; readonly keys: number; readonly sha256: string };

/** The format of the lines. */
const FORMAT = 1;

const number = z.int().check(z.nonnegative());
const base64 = z.string().check(z.regex(/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/));
const sha256 = z.string().check(z.regex(/^[0-9a-f]{64}$/));
/** An id of 64 bits, as etcdctl prints it. */
const hexId = z.string().check(z.regex(/^[0-9a-f]{1,16}$/));
const headerSchema = z.object({
  export: z.literal(FORMAT),
  revision: number,
  source: z.string(),
  snapshots: z.array(z.string()),
  clusterId: z.optional(hexId),
  memberIds: z.optional(z.array(hexId)),
});
const keySchema = z.object({
  key: z.optional(z.string()),
  keyBase64: z.optional(base64),
  value: z.optional(z.string()),
  valueBase64: z.optional(base64),
  file: z.optional(z.object({ path: z.string(), size: number, sha256 })),
  createRevision: number,
  revision: number,
  version: number,
  lease: z.nullable(hexId),
  leaseTtl: z.nullable(z.int()),
});
const footerSchema = z.object({ end: z.literal(true), keys: number, sha256 });

/** The first line, without its end. */
export function headerLine({ revision, source, snapshots, clusterId, memberIds }: ExportHeader): string {
  const id = clusterId === undefined ? {} : { clusterId: clusterId.toString(16) };
  const members = memberIds.length === 0 ? {} : { memberIds: memberIds.map((each) => each.toString(16)) };
  return JSON.stringify({ export: FORMAT, revision, source, snapshots, ...id, ...members });
}

/** The line of a key, with its value or with the file that holds it. */
export function keyLine(
  { key, value, createRevision, modRevision, version, lease, leaseTtl }: ExportedKey,
  file?: { readonly path: string; readonly size: number; readonly sha256: string },
): string {
  return JSON.stringify({
    ...bytesData('key', key),
    createRevision,
    revision: modRevision,
    version,
    lease: lease === 0n ? null : BigInt.asUintN(64, lease).toString(16),
    leaseTtl: leaseTtl ?? null,
    ...(file === undefined ? bytesData('value', value) : { file }),
  });
}

/** The last line. `sha256` is of all bytes before it. */
export function footerLine(footer: { readonly keys: number; readonly sha256: string }): string {
  return JSON.stringify({ end: true, keys: footer.keys, sha256: footer.sha256 });
}

/** Reads a line; undefined when it is none of an export. */
export function parseLine(text: string): ExportLine | undefined {
  let data: unknown;
  try {
    data = JSON.parse(text);
  } catch {
    return undefined;
  }
  const header = headerSchema.safeParse(data);
  if (header.success) {
    const { revision, source, snapshots, clusterId, memberIds = [] } = header.data;
    const id = clusterId === undefined ? undefined : idOf(clusterId);
    return { kind: 'header', revision, source, snapshots, clusterId: id, memberIds: memberIds.map(idOf) };
  }
  const footer = footerSchema.safeParse(data);
  if (footer.success) {
    return { kind: 'footer', keys: footer.data.keys, sha256: footer.data.sha256 };
  }
  const found = keySchema.safeParse(data);
  return found.success ? keyOf(found.data) : undefined;
}

function idOf(digits: string): bigint {
  return BigInt(`0x${digits}`);
}

function keyOf(data: z.infer<typeof keySchema>): ExportLine | undefined {
  const key = bytesOf(data.key, data.keyBase64);
  const value = bytesOf(data.value, data.valueBase64);
  if (key === undefined || key.length === 0 || (value === undefined) === (data.file === undefined)) {
    return undefined;
  }
  return {
    kind: 'key',
    key,
    value,
    file: data.file,
    createRevision: data.createRevision,
    modRevision: data.revision,
    version: data.version,
    lease: data.lease === null ? 0n : BigInt.asIntN(64, BigInt(`0x${data.lease}`)),
    leaseTtl: data.leaseTtl ?? undefined,
  };
}

/** Bytes that were written as a text or in base64; undefined where neither is given, or both are. */
function bytesOf(text: string | undefined, encoded: string | undefined): Uint8Array | undefined {
  if (text !== undefined) {
    return encoded === undefined ? Buffer.from(text) : undefined;
  }
  return encoded === undefined ? undefined : Buffer.from(encoded, 'base64');
}

/** As a text where that is lossless. */
function bytesData(name: 'key' | 'value', bytes: Uint8Array): Readonly<Record<string, string>> {
  try {
    return { [name]: new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes) };
  } catch {
    return { [`${name}Base64`]: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64') };
  }
}
