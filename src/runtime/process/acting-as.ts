/** A user and a group, by number. */
export interface User {
  readonly uid: number;
  readonly gid: number;
}

/** The process is root and may not become another user. */
export class UserRefused extends Error {
  readonly user: User;

  constructor(user: User, cause: unknown) {
    super(`root may not become user ${user.uid} here`, { cause });
    this.name = 'UserRefused';
    this.user = user;
  }
}

/**
 * Does `work` with the rights of `user`, when this process is root and `user` is not; otherwise simply does it. The kernel then refuses
 * everything that `user` may not do, wherever links lead.
 *
 * The identity is that of the whole process, all of its threads: nothing else that needs root's rights may run meanwhile. Groups are
 * reduced to that of `user`. Throws {@link UserRefused} when the system does not allow it, and whatever `work` throws.
 */
export async function actingAs<T>(user: User | undefined, work: () => Promise<T>): Promise<T> {
  const { geteuid, getegid, getgroups, seteuid, setegid, setgroups } = process;
  if (
    user === undefined ||
    user.uid === 0 ||
    geteuid?.() !== 0 ||
    getegid === undefined ||
    getgroups === undefined ||
    seteuid === undefined ||
    setegid === undefined ||
    setgroups === undefined
  ) {
    return await work();
  }
  const before = { group: getegid(), groups: getgroups() };
  const comeBack = (): void => {
    seteuid(0);
    setegid(before.group);
    setgroups(before.groups);
  };
  try {
    setgroups([user.gid]);
    setegid(user.gid);
    seteuid(user.uid);
  } catch (error) {
    comeBack();
    throw new UserRefused(user, error);
  }
  try {
    return await work();
  } finally {
    comeBack();
  }
}
