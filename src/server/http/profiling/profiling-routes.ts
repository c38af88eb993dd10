import { getHeapSnapshot } from 'node:v8';
import type { Clock } from '../../../runtime/clock.ts';
import { limits } from '../../../runtime/limits.ts';
import type { Logger } from '../../../runtime/log/logger.ts';
import { type Exchange, goneSignal, queryValue } from '../exchange.ts';
import { plainReply, type Reply, reply } from '../reply.ts';
import { sendStream } from '../send-stream.ts';
import { cpuProfile } from './cpu-profile.ts';

const index = `/debug/pprof/

profile?seconds=30  what the program computes in that time: a .cpuprofile of V8, for Chrome's DevTools or VS Code
heap                what is in memory: a .heapsnapshot of V8; the program stops while it is made, and it holds secrets
cmdline             the arguments of the program, without secrets
`;

/** What a path below /debug/pprof/ is answered with, unless it was sent as a stream. */
export type ProfilingRoute = (exchange: Exchange) => Promise<Reply | 'sent'>;

/**
 * The paths below /debug/pprof/. One profile and one heap snapshot are made at a time: more are refused with 500, as by the Go
 * program. `commandLine` is shown as it is: secrets were taken out of it.
 */
export function profilingRoutes(request: {
  readonly commandLine: readonly string[];
  readonly clock: Clock;
  readonly log: Logger;
}): ReadonlyMap<string, ProfilingRoute> {
  const { commandLine, clock, log } = request;
  const busy = new Set<string>();
  const alone =
    (what: string, make: ProfilingRoute): ProfilingRoute =>
    async (exchange) => {
      if (busy.has(what)) {
        return plainReply(500, `a ${what} is being made already\n`);
      }
      busy.add(what);
      try {
        log.info(`Making a ${what} for a client`);
        return await make(exchange);
      } finally {
        busy.delete(what);
      }
    };
  const shown = async (): Promise<Reply> => plainReply(200, index);
  return new Map<string, ProfilingRoute>([
    ['/debug/pprof', shown],
    ['/debug/pprof/', shown],
    ['/debug/pprof/cmdline', async () => plainReply(200, commandLine.join('\0'))],
    [
      '/debug/pprof/profile',
      alone('CPU profile', async (exchange) => {
        const seconds = Number(queryValue(exchange, 'seconds') || 30);
        if (!(seconds > 0 && seconds <= limits.profileTime.most)) {
          return plainReply(400, `seconds must be above 0 and at most ${limits.profileTime.most}\n`);
        }
        const text = await cpuProfile(seconds * 1_000, { signal: goneSignal(exchange), clock });
        return reply(200, { type: 'json', text, headers: attachment('etcdbrctl.cpuprofile') });
      }),
    ],
    [
      '/debug/pprof/heap',
      alone('heap snapshot', async (exchange) => {
        const headers = { 'content-type': 'application/json', ...attachment('etcdbrctl.heapsnapshot') };
        await sendStream(exchange, { status: 200, headers, body: getHeapSnapshot(), clock });
        return 'sent';
      }),
    ],
  ]);
}

function attachment(name: string): Readonly<Record<string, string>> {
  return { 'content-disposition': `attachment; filename="${name}"`, 'cache-control': 'no-store' };
}
