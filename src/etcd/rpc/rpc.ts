import type { Client, MethodDefinition, ServiceClientConstructor } from '@grpc/grpc-js';
import type {
  IAuthenticateRequest,
  IAuthenticateResponse,
  IAuthRoleListRequest,
  IAuthRoleListResponse,
  IAuthStatusRequest,
  IAuthStatusResponse,
  IAuthUserListRequest,
  IAuthUserListResponse,
  IDefragmentRequest,
  IDefragmentResponse,
  ILeaseGrantRequest,
  ILeaseGrantResponse,
  ILeaseTimeToLiveRequest,
  ILeaseTimeToLiveResponse,
  IMemberAddRequest,
  IMemberAddResponse,
  IMemberListRequest,
  IMemberListResponse,
  IMemberPromoteRequest,
  IMemberPromoteResponse,
  IMemberRemoveRequest,
  IMemberRemoveResponse,
  IMemberUpdateRequest,
  IMemberUpdateResponse,
  IRangeRequest,
  IRangeResponse,
  ISnapshotRequest,
  IStatusRequest,
  IStatusResponse,
  ITxnRequest,
  ITxnResponse,
  IWatchRequest,
} from 'etcd3';
import { Host } from 'etcd3/lib/connection-pool.js';
import { limits } from '../../runtime/limits.ts';
import { decodeSnapshotResponse, type SnapshotResponse } from '../snapshot/snapshot-response.ts';
import { decodeWatchResponse, type WatchResponse } from '../watch/watch-response.ts';

/** A remote procedure of etcd. Its schema is that of the package etcd3; our own code decodes the answers that come in great number. */
export interface Rpc<Request, Response> {
  readonly service: Parameters<Host['getServiceClient']>[0];
  readonly method: string;
  /** Replaces the decoder of the schema. */
  readonly decode?: (bytes: Uint8Array) => Response;
  /** The largest message that a stream may bring, bytes. Answers to single requests have a limit of their own. */
  readonly mostMessageBytes?: number;
  /** Types only; never set. */
  readonly shape?: (request: Request) => Response;
}

export const authenticateRpc: Rpc<IAuthenticateRequest, IAuthenticateResponse> = {
  service: 'Auth',
  method: 'Authenticate',
};
export const authStatusRpc: Rpc<IAuthStatusRequest, IAuthStatusResponse> = { service: 'Auth', method: 'AuthStatus' };
export const userListRpc: Rpc<IAuthUserListRequest, IAuthUserListResponse> = { service: 'Auth', method: 'UserList' };
export const roleListRpc: Rpc<IAuthRoleListRequest, IAuthRoleListResponse> = { service: 'Auth', method: 'RoleList' };
export const rangeRpc: Rpc<IRangeRequest, IRangeResponse> = { service: 'KV', method: 'Range' };
export const txnRpc: Rpc<ITxnRequest, ITxnResponse> = { service: 'KV', method: 'Txn' };
export const statusRpc: Rpc<IStatusRequest, IStatusResponse> = { service: 'Maintenance', method: 'Status' };
export const defragmentRpc: Rpc<IDefragmentRequest, IDefragmentResponse> = {
  service: 'Maintenance',
  method: 'Defragment',
};
export const leaseGrantRpc: Rpc<ILeaseGrantRequest, ILeaseGrantResponse> = { service: 'Lease', method: 'LeaseGrant' };
export const leaseTimeToLiveRpc: Rpc<ILeaseTimeToLiveRequest, ILeaseTimeToLiveResponse> = {
  service: 'Lease',
  method: 'LeaseTimeToLive',
};
export const snapshotRpc: Rpc<ISnapshotRequest, SnapshotResponse> = {
  service: 'Maintenance',
  method: 'Snapshot',
  decode: decodeSnapshotResponse,
  mostMessageBytes: limits.snapshotMessage.most,
};
export const watchRpc: Rpc<IWatchRequest, WatchResponse> = {
  service: 'Watch',
  method: 'Watch',
  decode: decodeWatchResponse,
  mostMessageBytes: limits.watchMessage.most,
};

export const memberListRpc: Rpc<IMemberListRequest, IMemberListResponse> = { service: 'Cluster', method: 'MemberList' };
export const memberAddRpc: Rpc<IMemberAddRequest, IMemberAddResponse> = { service: 'Cluster', method: 'MemberAdd' };
export const memberPromoteRpc: Rpc<IMemberPromoteRequest, IMemberPromoteResponse> = {
  service: 'Cluster',
  method: 'MemberPromote',
};
export const memberRemoveRpc: Rpc<IMemberRemoveRequest, IMemberRemoveResponse> = {
  service: 'Cluster',
  method: 'MemberRemove',
};
export const memberUpdateRpc: Rpc<IMemberUpdateRequest, IMemberUpdateResponse> = {
  service: 'Cluster',
  method: 'MemberUpdate',
};

/** The definition of `rpc` as `client`, which etcd3 made for its service, has it. */
export function definitionOf<Request, Response>(
  client: Client,
  rpc: Rpc<Request, Response>,
): MethodDefinition<Request, Response> {
  const { service } = client.constructor as ServiceClientConstructor;
  const definition = service[rpc.method] as MethodDefinition<Request, Response> | undefined;
  if (definition === undefined) {
    throw new TypeError(`etcd3 has no method ${rpc.service}.${rpc.method}`);
  }
  return rpc.decode === undefined ? definition : { ...definition, responseDeserialize: rpc.decode };
}

export { Host };
