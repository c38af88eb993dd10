import { randomBytes } from 'node:crypto';
import { ownIdentity, type ProcessIdentity } from '../runtime/process/process-identity.ts';

/** What a name of scratch says of the process that made it. */
export type ScratchOwner = ProcessIdentity | { readonly pid: number; readonly scope: undefined };

const pattern = /^etcdbrctl-[a-z]+-(\d{1,10})-(?:([0-9a-f]{12})([0-9a-f]{8}))?[0-9a-f]{12}\.tmp$/;

/**
 * A name for a temporary file or directory that nobody else has: `etcdbrctl-PURPOSE-PID-HEX.tmp`. The digits hold when the process
 * started (12), where it runs (8), and a random number (12), so that what a killed process leaves is known as such.
 */
export function scratchName(purpose: string): string {
  const { pid, startTicks, scope } = ownIdentity();
  const started = startTicks.toString(16).padStart(12, '0');
  return `etcdbrctl-${purpose}-${pid}-${started}${scope}${randomBytes(6).toString('hex')}.tmp`;
}

/** Who made scratch of this name; undefined when it is none of ours. Names of the first releases have a pid only. */
export function scratchOwner(name: string): ScratchOwner | undefined {
  const [, pid, started, scope] = pattern.exec(name) ?? [];
  if (pid === undefined) {
    return undefined;
  }
  return started === undefined || scope === undefined
    ? { pid: Number(pid), scope: undefined }
    : { pid: Number(pid), startTicks: Number.parseInt(started, 16), scope };
}
