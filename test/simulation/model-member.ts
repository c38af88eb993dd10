import type { Line } from './lines.ts';

/** How the files of a member are. */
export type DiskHealth =
  | 'sound'
  /** Its end is missing. */
  | 'short database'
  /** Its first pages are zeros. */
  | 'blank database'
  /** Bytes in the middle of the log are others. */
  | 'damaged log';

/** The data directory of a member: whose it is, and how. What it holds is in its member. */
export interface ModelDisk {
  readonly id: bigint;
  readonly clusterId: bigint;
  readonly health: DiskHealth;
}

/** One member of the cluster at its place, with its own view of it. Each etcd that runs there is the same object. */
export interface ModelMember {
  readonly name: string;
  /** Undefined while there is none. */
  disk: ModelDisk | undefined;
  /** The line and the revision that its database holds. */
  line: Line;
  applied: number;
  /** The revision up to which it has the entries of the log. */
  logged: number;
  isUp: boolean;
  /** It reaches no other member. */
  isCutOff: boolean;
  /** It applies nothing of what is committed. */
  isSlow: boolean;
  /** Its process answers nothing. */
  isHanging: boolean;
  /** It refuses every login. */
  isLocked: boolean;
  /** Until then it is sent what it lacks, ms. */
  catchesUpAt: number;
  /** Where it listens for the others since it was started. */
  peerUrl: string;
  /** What it believes. */
  leader: bigint | undefined;
  term: bigint;
  /** How often it was started: watches end with it. */
  starts: number;
  /** Since when it neither leads nor believes that it does, ms; undefined while it does. */
  notLeadingSince: number | undefined;
}

/** The place of a member without any files. */
export function newMember(
  name: string,
  line: Line,
  parts: { readonly applied: number; readonly peerUrl: string },
): ModelMember {
  return {
    name,
    disk: undefined,
    line,
    applied: parts.applied,
    logged: parts.applied,
    isUp: false,
    isCutOff: false,
    isSlow: false,
    isHanging: false,
    isLocked: false,
    catchesUpAt: 0,
    peerUrl: parts.peerUrl,
    leader: undefined,
    term: 2n,
    starts: 0,
    notLeadingSince: 0,
  };
}
