import type { Revision } from '../revision.ts';

/** What an attempt to restore the newest chain has shown. */
export interface Proof {
  /** Whether the newest state can be restored and nothing that was read is damaged. */
  readonly sound: boolean;
  /** The last revision that can be restored; undefined when none can. */
  readonly provable: Revision | undefined;
  /** When the newest snapshot that leads there was taken, ms since the epoch. */
  readonly stateOf: number | undefined;
  /** A sentence for each thing that is wrong. */
  readonly problems: readonly string[];
}
