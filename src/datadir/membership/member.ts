import { createHash } from 'node:crypto';
import { goJsonString, goJsonStrings } from './go-json.ts';
import type { PeerUrl } from './peer-url.ts';

/** A member of a new cluster, before it has published its client URLs. */
export interface BootstrapMember {
  readonly id: bigint;
  readonly name: string;
  /** Sorted, at least one. */
  readonly peerUrls: readonly PeerUrl[];
}

/**
 * A member with the id that etcd gives it: the first 8 bytes, big-endian, of SHA-1 over its sorted peer URLs and the cluster
 * token, without separators. (The id of a member that is added later also depends on the time.)
 */
export function bootstrapMember(name: string, peerUrls: readonly PeerUrl[], token: string): BootstrapMember {
  return { id: idOf(Buffer.from(peerUrls.join('') + token)), name, peerUrls };
}

/** The cluster id: the first 8 bytes of SHA-1 over the member ids in ascending order. */
export function clusterId(members: readonly Pick<BootstrapMember, 'id'>[]): bigint {
  const ids = Buffer.alloc(members.length * 8);
  for (const [position, member] of sortById(members).entries()) {
    ids.writeBigUInt64BE(member.id, position * 8);
  }
  return idOf(ids);
}

/** Members in ascending order of their ids, as etcd writes them everywhere. */
export function sortById<T extends Pick<BootstrapMember, 'id'>>(members: readonly T[]): readonly T[] {
  return members.toSorted((a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0));
}

/** An id as etcd prints it and uses it as a key: hexadecimal without leading zeros. */
export function formatId(id: bigint): string {
  return id.toString(16);
}

/** The attributes of a member that raft needs, as JSON. */
export function raftAttributesJson(member: BootstrapMember): string {
  return `{"peerURLs":${goJsonStrings(member.peerUrls)}}`;
}

/** A whole member as JSON. Written by hand because the id is a 64-bit number, which JSON.stringify cannot write. */
export function memberJson(member: BootstrapMember): string {
  return `{"id":${member.id},"peerURLs":${goJsonStrings(member.peerUrls)},"name":${goJsonString(member.name)}}`;
}

function idOf(bytes: Uint8Array): bigint {
  return createHash('sha1').update(bytes).digest().readBigUInt64BE(0);
}
