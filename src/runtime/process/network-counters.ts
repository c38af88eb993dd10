import { readFileSync } from 'node:fs';

/** What has gone over all network interfaces that this process sees, lo too, bytes. */
export interface InterfaceTotals {
  readonly transmitted: number;
  readonly received: number;
}

/** The totals that Linux counts (proc_pid_net(5), net/dev); undefined on other systems. */
export function networkCounters(file = '/proc/self/net/dev'): InterfaceTotals | undefined {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
  let transmitted = 0;
  let received = 0;
  for (const line of text.split('\n')) {
    // name: bytes packets errs drop fifo frame compressed multicast, then the same sent, bytes first.
    const numbers = /^\s*[^\s:]+:\s*(\d[\d\s]*)$/.exec(line)?.[1]?.trim().split(/\s+/).map(Number) ?? [];
    received += numbers[0] ?? 0;
    transmitted += numbers[8] ?? 0;
  }
  return { transmitted, received };
}
