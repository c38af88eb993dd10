import { geteuid } from 'node:process';

/** Where mounts and other users are to be had. */
const WHERE = 'it runs as root in a virtual machine or a privileged container, as under make test-bare';

/** For `skip`: why a test that needs root is left out, and where it runs; false as root. */
export const unlessRoot: string | false = geteuid?.() === 0 ? false : `only root can do this; ${WHERE}`;

/** The same for one of Linux. */
export const unlessLinux: string | false =
  process.platform === 'linux' ? false : 'it is about files in /proc and /dev; it runs on Linux, as under .ci/run';

/** The same for one that mounts something, which `error` refused. */
export function noMounts(error: unknown): string {
  const [reason] = (error instanceof Error ? error.message : String(error)).trim().split('\n').slice(-1);
  return `nothing can be mounted here (${reason}); ${WHERE}`;
}

/** The same for one that needs something else of root, which `found` says is missing. */
export function noRights(found: string): string {
  return `${found}; ${WHERE}`;
}
