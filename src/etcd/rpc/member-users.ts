import { status } from '@grpc/grpc-js';
import type { MemberWork } from '../connection/member-pool.ts';
import { authStatusRpc, roleListRpc, userListRpc } from './rpc.ts';
import { isServiceError } from './rpc-error.ts';

/**
 * Asks a member for a text that changes whenever users, roles or the switch of authentication change. etcd 3.4 does not give its revision
 * of them: there the text is made of the names of users and roles, and of whether a token is needed.
 */
export const askUsersState: MemberWork<string> = async (member, bounds) => {
  try {
    const { enabled, authRevision } = await member.unary(authStatusRpc, {}, bounds);
    return `${enabled ? 'on' : 'off'}, revision ${authRevision}`;
  } catch (error) {
    if (!isServiceError(error) || error.code !== status.UNIMPLEMENTED) {
      throw error;
    }
  }
  const { users } = await member.unary(userListRpc, {}, bounds);
  const { roles } = await member.unary(roleListRpc, {}, bounds);
  const names = (list: readonly string[] | undefined): readonly string[] => [...(list ?? [])].sort();
  return `${bounds.token === undefined ? 'off' : 'on'}, ${JSON.stringify([names(users), names(roles)])}`;
};
