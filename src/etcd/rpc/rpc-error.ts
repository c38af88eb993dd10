import { type ServiceError, status } from '@grpc/grpc-js';
import { foreignText } from '../../runtime/log/cut-text.ts';
import type { EtcdFailureCode } from '../etcd-failure.ts';
import { plainDetails } from './plain-details.ts';

/** What an answer other than success means. */
export interface RpcErrorMeaning {
  readonly code: EtcdFailureCode;
  readonly found: string;
  readonly remedy?: string;
  /** True for what no etcd answers: another member may well do what was asked. */
  readonly ofTheMember?: boolean;
}

/** True for what a gRPC call rejects with. */
export function isServiceError(error: unknown): error is ServiceError {
  return error instanceof Error && 'code' in error && typeof error.code === 'number' && 'details' in error;
}

/** A login that does not count any more. */
const refusedToken = /invalid auth token|revision of auth store is old|auth: revision in header is old/;

/**
 * What begins as a text of etcd's own does. The calls of maintenance, of which the snapshot is one, pass on what its auth package says, with
 * the status UNKNOWN.
 */
const ofEtcd = /etcdserver:|^auth: /;

/**
 * True when a login is needed, perhaps once more: tokens run out, and any change of users makes all of them invalid.
 * Texts: etcd's api/v3rpc/rpctypes/error.go and server/auth/store.go; the first are part of its API.
 */
export function isTokenRefused(error: Pick<ServiceError, 'code' | 'details'>): boolean {
  return error.code === status.UNAUTHENTICATED || refusedToken.test(foreignText(error.details));
}

/** True when no token was sent and one is needed: authentication was switched on after the token was asked for. */
export function isTokenMissing(error: Pick<ServiceError, 'details'>): boolean {
  return /user name is empty/.test(foreignText(error.details));
}

/** What etcd says about members, most special text first. */
const membershipErrors: readonly (RpcErrorMeaning & { readonly text: RegExp })[] = [
  {
    text: /rpc not supported for learner/,
    code: 'etcd_learner_refuses',
    found: 'it is a learner, which does not answer this',
    remedy: 'give a voting member in --endpoints or --service-endpoints',
  },
  {
    text: /Peer URLs already exists|member ID already exist/,
    code: 'etcd_member_exists',
    found: 'a peer URL is in use by a member of the cluster',
  },
  { text: /member not found/, code: 'etcd_member_not_found', found: 'the cluster has no such member' },
  {
    text: /too many learner members/,
    code: 'etcd_too_many_learners',
    found: 'the cluster has too many learners already',
    remedy: 'wait until a learner is promoted, or remove it',
  },
  {
    text: /can only promote a learner member which is in sync/,
    code: 'etcd_learner_not_ready',
    found: 'the learner is not in sync with the leader',
    remedy: 'try again when it has caught up',
  },
  { text: /can only promote a learner member/, code: 'etcd_not_a_learner', found: 'it votes already' },
];

/** What gRPC says where a connection, or a call on it, was ended by frames of HTTP/2: an etcd under load does that, too. */
const brokenFrames = /^(?:Received RST_STREAM with code|Bandwidth exhausted or memory limit exceeded$)/;

/** Sorts an error by its gRPC status and, where the status says too little, by etcd's text. */
export function explainRpcError(error: Pick<ServiceError, 'code' | 'details'>): RpcErrorMeaning {
  const { code } = error;
  const details = plainDetails(error.details);
  // A login that one member refuses may be valid at another one.
  const ofTheMember = !ofEtcd.test(details) || isTokenRefused(error);
  return { ...meaningOf(code, details), ...(ofTheMember ? { ofTheMember } : {}) };
}

function meaningOf(code: status, details: string): RpcErrorMeaning {
  const membershipError = membershipErrors.find(({ text }) => text.test(details));
  if (membershipError !== undefined) {
    const { text: _, ...meaning } = membershipError;
    return meaning;
  }
  if (/authentication failed/.test(details)) {
    return {
      code: 'etcd_auth',
      found: 'user or password is wrong',
      remedy: 'check --etcd-username and --etcd-password',
    };
  }
  if (isTokenMissing({ details })) {
    return { code: 'etcd_auth', found: 'it wants a user', remedy: 'give --etcd-username and --etcd-password' };
  }
  if (/permission denied/i.test(details) || code === status.PERMISSION_DENIED) {
    const remedy = 'use a user that has the role root, or to read and write single keys one with the rights to these';
    return { code: 'etcd_auth', found: 'permission denied', remedy };
  }
  if (refusedToken.test(details) || code === status.UNAUTHENTICATED) {
    return { code: 'etcd_auth', found: `the login is not accepted (${details})` };
  }
  if (/user (?:name )?not found/.test(details)) {
    return {
      code: 'etcd_auth',
      found: 'it has no user of that name; where none is given it is the common name (CN) of the client certificate',
      remedy: 'give --etcd-username, or with --cert the certificate of a user that has the role root',
    };
  }
  if (/^auth: /.test(details)) {
    return {
      code: 'etcd_auth',
      found: `it refuses the user (${details})`,
      remedy: 'use a user that has the role root',
    };
  }
  if (/database space exceeded/.test(details)) {
    return {
      code: 'etcd_no_space',
      found: 'its database has reached the quota, so it takes no writes',
      remedy: 'compact and defragment it, or raise --quota-backend-bytes; then etcdctl alarm disarm',
    };
  }
  // The first two are etcd's own texts; with a larger message its gRPC answers before etcd sees it.
  if (/request is too large|too many operations in txn|grpc: received message larger than max/.test(details)) {
    return {
      code: 'etcd_request_too_large',
      found: `the request is larger than what it takes (${details})`,
      remedy: 'raise --max-request-bytes or --max-txn-ops of etcd',
    };
  }
  const said = details === '' ? `it gives no reason (${status[code] ?? `status ${code}`})` : details;
  if (brokenFrames.test(details)) {
    return {
      code: 'etcd_unreachable',
      found: `the connection breaks off (${details})`,
      remedy: 'check that an etcd listens there, and what is in between',
    };
  }
  switch (code) {
    case status.DEADLINE_EXCEEDED:
      return { code: 'etcd_timeout', found: 'no answer in time' };
    case status.UNAVAILABLE:
      return { code: 'etcd_unreachable', found: said };
    case status.RESOURCE_EXHAUSTED:
      // Both texts are gRPC's own: for a message as it comes, and for a compressed one.
      return /larger than (?:max|\d)/.test(details)
        ? {
            code: 'etcd_refused',
            found: `it sends a message larger than any etcd does (${details})`,
            remedy: 'check what listens there; docs/limits.md has the limits',
          }
        : { code: 'etcd_refused', found: said };
    case status.UNIMPLEMENTED:
      return {
        code: 'etcd_refused',
        found: `it does not know the call (${details})`,
        remedy: 'check that an etcd with the v3 API listens there',
      };
    case status.CANCELLED:
    case status.INTERNAL:
    case status.UNKNOWN:
      // A connection that broke off shows up as any of these, and gRPC says when our decoder refused a message.
      return ofEtcd.test(details) || details.includes('Response message parsing error')
        ? { code: 'etcd_refused', found: said }
        : { code: 'etcd_unreachable', found: said };
    default:
      return { code: 'etcd_refused', found: said };
  }
}
