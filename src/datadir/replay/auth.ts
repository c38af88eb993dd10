import type { AuthChange, Permission } from '../raft/auth-request.ts';
import type { Requester } from '../raft/raft-request.ts';
import { coversRange, type KeyInterval } from './interval-cover.ts';
import { keyRange } from './key-range.ts';
import type { VersionRules } from './version-rules.ts';

/** Users, roles and their rights, as in the db. Names are byte strings. */
export interface AuthContents {
  readonly enabled: boolean;
  /** Counts changes of users and roles; 0n in a db that no etcd has opened yet. */
  readonly revision: bigint;
  readonly users: ReadonlyMap<string, readonly string[]>;
  readonly roles: ReadonlyMap<string, readonly Permission[]>;
}

const ROOT = 'root';

/**
 * Users and roles: whether a request is allowed, and the requests that change them. Passwords and tokens do not matter: they
 * were checked before the request came into the log. Source: etcd, server/auth/store.go.
 */
export class Auth {
  readonly #users: Map<string, readonly string[]>;
  readonly #roles: Map<string, readonly Permission[]>;
  #enabled: boolean;
  #revision: bigint;

  constructor(contents: AuthContents) {
    this.#enabled = contents.enabled;
    // etcd counts from 1, and writes that at its first start.
    this.#revision = contents.revision === 0n ? 1n : contents.revision;
    this.#users = new Map(contents.users);
    this.#roles = new Map(contents.roles);
  }

  /** Whether rights are checked. */
  get enabled(): boolean {
    return this.#enabled;
  }

  /** Whether the requester may change users and roles; true for everybody while authentication is off. */
  isAdmin(requester: Requester): boolean {
    return !this.#enabled || (requester.user !== '' && this.#isRoot(requester.user));
  }

  mayRead(requester: Requester, key: string, rangeEnd: string): boolean {
    return this.#may(requester, 'read', key, rangeEnd);
  }

  mayWrite(requester: Requester, key: string, rangeEnd: string): boolean {
    return this.#may(requester, 'write', key, rangeEnd);
  }

  /** Applies a change; one that etcd refuses changes nothing. */
  apply(auth: AuthChange, rules: VersionRules): void {
    if (this.#change(auth, rules)) {
      this.#revision++;
    }
  }

  /** Returns whether the auth revision grows. */
  #change(auth: AuthChange, rules: VersionRules): boolean {
    switch (auth.change) {
      case 'enable':
        this.#enabled ||= this.#isRoot(ROOT);
        return false;
      case 'disable': {
        const was = this.#enabled;
        this.#enabled = false;
        return was;
      }
      case 'userAdd':
        return auth.user !== '' && !this.#users.has(auth.user) && !!this.#users.set(auth.user, []);
      case 'userDelete':
        return !(this.#enabled && auth.user === ROOT) && this.#users.delete(auth.user);
      case 'userChangePassword':
        return this.#users.has(auth.user);
      case 'userGrantRole':
        return this.#grantRole(auth.user, auth.role);
      case 'userRevokeRole':
        return this.#revokeRole(auth.user, auth.role);
      case 'roleAdd':
        return auth.role !== '' && !this.#roles.has(auth.role) && !!this.#roles.set(auth.role, []);
      case 'roleDelete':
        return this.#deleteRole(auth.role);
      case 'roleGrantPermission':
        return this.#grantPermission(auth.role, auth.permission, rules);
      case 'roleRevokePermission':
        return this.#revokePermission(auth);
      default:
        return auth satisfies never;
    }
  }

  #grantRole(user: string, role: string): boolean {
    const roles = this.#users.get(user);
    if (roles === undefined || (role !== ROOT && !this.#roles.has(role)) || roles.includes(role)) {
      return false;
    }
    this.#users.set(user, [...roles, role]);
    return true;
  }

  #revokeRole(user: string, role: string): boolean {
    const roles = this.#users.get(user);
    if ((this.#enabled && user === ROOT && role === ROOT) || roles === undefined || !roles.includes(role)) {
      return false;
    }
    this.#users.set(
      user,
      roles.filter((granted) => granted !== role),
    );
    return true;
  }

  #deleteRole(role: string): boolean {
    if ((this.#enabled && role === ROOT) || !this.#roles.delete(role)) {
      return false;
    }
    for (const [user, roles] of this.#users) {
      this.#users.set(
        user,
        roles.filter((granted) => granted !== role),
      );
    }
    return true;
  }

  /** Permissions are in the order of their keys. As in etcd, only the first one with the same key can be replaced. */
  #grantPermission(role: string, permission: Permission | undefined, rules: VersionRules): boolean {
    const permissions = this.#roles.get(role);
    if (permission === undefined || permissions === undefined) {
      return false;
    }
    if (rules.refusesEmptyPermissions && !coversAnyKey(permission)) {
      return false;
    }
    const place = permissions.findIndex(({ key }) => key >= permission.key);
    const known = permissions[place];
    const granted =
      known !== undefined && sameKeys(known, permission)
        ? permissions.with(place, permission)
        : [...permissions, permission].sort((a, b) => (a.key < b.key ? -1 : Number(a.key > b.key)));
    this.#roles.set(role, granted);
    return true;
  }

  #revokePermission(from: { readonly role: string; readonly key: string; readonly rangeEnd: string }): boolean {
    const permissions = this.#roles.get(from.role);
    const left = permissions?.filter((known) => !sameKeys(known, from));
    if (permissions === undefined || left === undefined || left.length === permissions.length) {
      return false;
    }
    this.#roles.set(from.role, left);
    return true;
  }

  #isRoot(user: string): boolean {
    return this.#users.get(user)?.includes(ROOT) === true;
  }

  #may(requester: Requester, what: 'read' | 'write', key: string, rangeEnd: string): boolean {
    if (!this.#enabled) {
      return true;
    }
    const { user, authRevision } = requester;
    const roles = this.#users.get(user);
    if (authRevision === 0n || authRevision < this.#revision || roles === undefined) {
      return false;
    }
    if (roles.includes(ROOT)) {
      return true;
    }
    const allowed = roles
      .flatMap((role) => this.#roles.get(role) ?? [])
      .filter((permission) => permission.type === what || permission.type === 'readwrite')
      // etcd's intervals take the empty key for the largest, so such a permission covers nothing.
      .filter((permission) => permission.key !== '')
      .map(intervalOf);
    return coversRange(allowed, keyRange(key, rangeEnd));
  }
}

function intervalOf(permission: Permission): KeyInterval {
  return keyRange(permission.key, permission.rangeEnd);
}

function sameKeys(a: Pick<Permission, 'key' | 'rangeEnd'>, b: Pick<Permission, 'key' | 'rangeEnd'>): boolean {
  return a.key === b.key && a.rangeEnd === b.rangeEnd;
}

/** Whether a permission is for any key. */
function coversAnyKey({ key, rangeEnd }: Permission): boolean {
  return key !== '' && (rangeEnd === '' || key < rangeEnd || rangeEnd === '\0');
}
