import { Byte, type JsonCursor } from './json-cursor.ts';

/** Known members as they are written when nothing is escaped. */
const Member = {
  etcdEvent: Buffer.from('"etcdEvent":'),
  time: Buffer.from('"time":'),
  type: Buffer.from('"type":'),
  kv: Buffer.from('"kv":'),
  key: Buffer.from('"key":'),
  createRevision: Buffer.from('"create_revision":'),
  modRevision: Buffer.from('"mod_revision":'),
  version: Buffer.from('"version":'),
  value: Buffer.from('"value":'),
  lease: Buffer.from('"lease":'),
  leaseTtls: Buffer.from('"leaseTTLs":'),
} as const;

/** How this program calls a member. */
export type MemberName = keyof typeof Member;

const NAMES: ReadonlyMap<string, MemberName> = new Map([
  ['etcdEvent', 'etcdEvent'],
  ['time', 'time'],
  ['type', 'type'],
  ['kv', 'kv'],
  ['key', 'key'],
  ['create_revision', 'createRevision'],
  ['mod_revision', 'modRevision'],
  ['version', 'version'],
  ['value', 'value'],
  ['lease', 'lease'],
  ['leaseTTLs', 'leaseTtls'],
]);

/** A member's name and how it is written. */
export interface KnownMember {
  readonly name: MemberName;
  readonly text: Uint8Array;
}

/** Members of each level in the order of Go's encoder. */
export const OUTER = members('etcdEvent', 'time', 'leaseTtls');
export const EVENT = members('kv', 'type');
export const KEY_VALUE = members('key', 'createRevision', 'modRevision', 'version', 'value', 'lease');

function members(...names: readonly MemberName[]): readonly KnownMember[] {
  return names.map((name) => ({ name, text: Member[name] }));
}

/** Reads the names of members. */
export class MemberReader {
  readonly #cursor: JsonCursor;
  /** Index of the member that is tried first. */
  #likely = 0;

  constructor(cursor: JsonCursor) {
    this.#cursor = cursor;
  }

  /**
   * Consumes a member's name and colon. `expected` are tried first, in the usual order, from the one after the last member on.
   */
  read(expected: readonly KnownMember[]): MemberName | undefined {
    const cursor = this.#cursor;
    for (let tries = 0; tries < expected.length; tries++) {
      if (this.#likely >= expected.length) {
        this.#likely = 0;
      }
      const member = expected[this.#likely++];
      if (member !== undefined && cursor.take(member.text)) {
        return member.name;
      }
    }
    cursor.readName();
    const name = NAMES.get(cursor.text());
    cursor.expect(Byte.colon);
    return name;
  }
}
