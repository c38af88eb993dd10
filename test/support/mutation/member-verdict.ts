import path from 'node:path';
import { type EtcdRelease, etcdRelease } from '../../../scripts/lab/etcd-release.ts';
import { startEtcd } from '../../../scripts/lab/etcd-server.ts';
import { Damage } from '../../../src/datadir/damage.ts';
import { inspectDatabase } from '../../../src/datadir/mvcc/inspect-database.ts';
import { replay } from '../../../src/datadir/replay/replay.ts';
import { readStartState } from '../../../src/datadir/replay/start-state.ts';
import type { ReplayedChange } from '../../../src/datadir/replay/store-state.ts';
import { hashKv } from '../replay/hash-kv.ts';
import { versionRulesOf } from '../replay/version-rules-of.ts';

/** The state a data directory leads to. */
export interface MemberState {
  readonly revision: number;
  readonly hash: number;
}

/** What is said about a data directory: damaged, with the reason, or the state. */
export type MemberVerdict =
  | { readonly kind: 'damaged'; readonly reason: string }
  | ({ readonly kind: 'sound' } & MemberState);

/** Reads everything as `initialize` does in its mode `full`, and the contents too. Any error but a Damage is thrown. */
export async function ourVerdict(dataDir: string, release: EtcdRelease, signal: AbortSignal): Promise<MemberVerdict> {
  try {
    const memberDir = path.join(dataDir, 'member');
    const start = await readStartState(memberDir, { signal });
    const [passedOver] = start.passedOver;
    if (passedOver !== undefined) {
      throw passedOver;
    }
    await inspectDatabase(start.dbFile, { signal });
    const changes: ReplayedChange[] = [];
    const rules = versionRulesOf(release.version);
    const reached = await replay({ start, rules, signal, onChange: (change) => changes.push(change) });
    const hash = await hashKv(start.dbFile, changes, reached.compactRevision);
    return { kind: 'sound', revision: reached.revision, hash };
  } catch (error) {
    if (error instanceof Damage) {
      return { kind: 'damaged', reason: error.message };
    }
    throw error;
  }
}

/** Timeouts of etcdctl that are enough on a busy machine. */
const LONG_TIMEOUTS = ['--command-timeout=60s', '--dial-timeout=60s'];

/** What a real etcd serves that starts on the directory; `damaged` when it does not start. */
export async function etcdVerdict(dataDir: string, release: EtcdRelease): Promise<MemberVerdict> {
  try {
    await using etcd = await startEtcd({
      release,
      dataDir,
      extraArgs: ['--heartbeat-interval', '20', '--election-timeout', '200'],
    });
    const status = await etcd.etcdctl(...LONG_TIMEOUTS, 'endpoint', 'status', '--write-out=json');
    const revision = Number(/"revision":(\d+)/.exec(status)?.[1]);
    const answer = await etcd.etcdctl(...LONG_TIMEOUTS, 'endpoint', 'hashkv', `--rev=${revision}`, '--write-out=json');
    return { kind: 'sound', revision, hash: Number(/"hash":(\d+)/.exec(answer)?.[1]) };
  } catch (error) {
    return { kind: 'damaged', reason: String(error) };
  }
}

/** The release that verdicts are compared with. */
export function judge(): Promise<EtcdRelease> {
  return etcdRelease('3.5');
}
