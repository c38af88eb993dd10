/** A server with a fake sidecar, plain and with TLS, as a process of its own: `server-program.ts CERT KEY`. */
import { setTimeout as delay } from 'node:timers/promises';
import { systemClock } from '../../../src/runtime/system-clock.ts';
import { startHttpServer } from '../../../src/server/http/http-server.ts';
import { quietLogger } from '../context/quiet-logger.ts';
import { FakeSidecar } from './fake-sidecar.ts';
import { storedFull } from './hold-fulls.ts';

const [certFile = '', keyFile = ''] = process.argv.slice(2);
const sidecar = new FakeSidecar();
sidecar.onFull = async () => {
  await delay(20);
  return storedFull;
};
sidecar.onConfig = () => Promise.resolve('x'.repeat(300_000));
sidecar.series = '# TYPE a gauge\na 1\n'.repeat(2_000);
// Waits of half a minute would take the test as long: a stream or an answer that hangs is cut after a second here.
const clock = {
  ...systemClock,
  sleep: (ms: number, signal?: AbortSignal) => systemClock.sleep(Math.min(ms, 1_000), signal),
};
const bounds = { headersTimeout: 500, requestTimeout: 1_000, keepAliveTimeout: 500, connectionsCheckingInterval: 100 };
const ports: number[] = [];
for (const certificate of [undefined, { certFile, keyFile }]) {
  const server = await startHttpServer(
    {
      sidecar,
      address: '127.0.0.1',
      port: 0,
      certificate,
      caFile: undefined,
      tokens: undefined,
      dashboard: true,
      profiling: undefined,
      bounds,
    },
    { clock, log: quietLogger },
  );
  ports.push(server.port);
}
// Garbage, and room that V8 keeps for more of it, count for nothing when the memory is measured.
process.on('SIGUSR2', () => {
  globalThis.gc?.();
  const { rss, heapTotal, heapUsed } = process.memoryUsage();
  process.stdout.write(`memory ${rss - heapTotal + heapUsed}\n`);
});
process.stdout.write(`ports ${ports.join(' ')}\n`);
