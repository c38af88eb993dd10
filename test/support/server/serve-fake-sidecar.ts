import type { Clock } from '../../../src/runtime/clock.ts';
import { systemClock } from '../../../src/runtime/system-clock.ts';
import { type HttpServer, type HttpServerOptions, startHttpServer } from '../../../src/server/http/http-server.ts';
import { RecordedLog } from '../context/recorded-log.ts';
import { FakeSidecar } from './fake-sidecar.ts';

/** A server for a test; it ends at once at the end of its scope. */
export interface Served extends AsyncDisposable {
  readonly sidecar: FakeSidecar;
  readonly server: HttpServer;
  readonly port: number;
  readonly log: RecordedLog;
}

/** Serves a fake sidecar on a free port of 127.0.0.1. */
export async function serveFakeSidecar(
  options: Partial<Omit<HttpServerOptions, 'sidecar'>> & {
    readonly sidecar?: FakeSidecar;
    readonly clock?: Clock;
  } = {},
): Promise<Served> {
  const { sidecar = new FakeSidecar(), clock = systemClock, ...rest } = options;
  const log = new RecordedLog();
  const server = await startHttpServer(
    {
      sidecar,
      address: '127.0.0.1',
      port: 0,
      certificate: undefined,
      caFile: undefined,
      tokens: undefined,
      dashboard: true,
      profiling: undefined,
      ...rest,
    },
    { clock, log },
  );
  return {
    sidecar,
    server,
    port: server.port,
    log,
    [Symbol.asyncDispose]: () => server.close({ graceMs: 0 }),
  };
}
