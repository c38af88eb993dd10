import assert from 'node:assert/strict';
import { get as getSecurely } from 'node:https';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { type Certificates, makeCertificates } from '../../../scripts/lab/certificates.ts';
import { startChild } from '../../../scripts/lab/child-process.ts';
import { compileCache } from '../../../scripts/lab/compile-cache.ts';
import { eventually } from '../../../scripts/lab/eventually.ts';
import { limits } from '../../../src/runtime/limits.ts';
import { FakeClock } from '../../support/clock/fake-clock.ts';
import { sampleProcess } from '../../support/processes/process-sample.ts';
import { FakeSidecar } from '../../support/server/fake-sidecar.ts';
import { ask2, http2Session } from '../../support/server/http2-client.ts';
import { RawConnection } from '../../support/server/raw-connection.ts';
import { rawHttp2, resetRequests, written } from '../../support/server/raw-http2.ts';
import { type Served, serveFakeSidecar } from '../../support/server/serve-fake-sidecar.ts';

const program = fileURLToPath(new URL('../../support/server/server-program.ts', import.meta.url));

let certificates: Certificates;
before(async () => {
  certificates = await makeCertificates();
});
after(async () => {
  await certificates[Symbol.asyncDispose]();
});

const tls = () => ({ certificate: { certFile: certificates.server.cert, keyFile: certificates.server.key } });

/** A sidecar whose answers to /config wait; the next ones are short. */
function heldConfig(text: string): { readonly sidecar: FakeSidecar; readonly release: () => void; asked(): number } {
  const sidecar = new FakeSidecar();
  const held = Promise.withResolvers<string>();
  let asked = 0;
  sidecar.onConfig = () => {
    asked += 1;
    return held.promise;
  };
  return { sidecar, release: () => held.resolve(text), asked: () => asked };
}

const head = 'HTTP/1.1\r\nHost: x\r\n\r\n';
/** Too large for another one of more than 4 KiB next to it. */
const large = 'x'.repeat(limits.unsentAnswers.most - 1_024);

describe('a client that is gone before its large answer was made', () => {
  async function leavesRoom({ sidecar, port }: Served, scheme: 'http' | 'https'): Promise<void> {
    sidecar.onConfig = () => Promise.resolve('x'.repeat(5_000));
    const status = async (): Promise<number | undefined> => {
      if (scheme === 'http') {
        const answer = await fetch(`http://127.0.0.1:${port}/config`);
        await answer.text();
        return answer.status;
      }
      const { promise, resolve, reject } = Promise.withResolvers<number | undefined>();
      getSecurely(`https://127.0.0.1:${port}/config`, { agent: false, rejectUnauthorized: false }, (answer) => {
        answer.resume().once('end', () => resolve(answer.statusCode));
      }).once('error', reject);
      return await promise;
    };
    assert.equal(await status(), 200);
  }

  it('leaves room for others', async () => {
    const { sidecar, release, asked } = heldConfig(large);
    await using server = await serveFakeSidecar({ sidecar });
    await using hasty = await RawConnection.open(server.port);
    hasty.send(`GET /config ${head}`);
    await eventually(() => (asked() === 1 ? true : undefined));
    hasty.socket.destroy();
    await hasty.closed;
    await (await fetch(`http://127.0.0.1:${server.port}/healthz`)).text();
    release();
    await leavesRoom(server, 'http');
  });

  it('leaves room for others, where its answer was to follow another one', async () => {
    const { sidecar, release, asked } = heldConfig(large);
    await using server = await serveFakeSidecar({ sidecar });
    await using hasty = await RawConnection.open(server.port);
    hasty.send(`GET /config ${head}GET /config ${head}`);
    await eventually(() => (asked() === 2 ? true : undefined));
    hasty.socket.destroy();
    await hasty.closed;
    await (await fetch(`http://127.0.0.1:${server.port}/healthz`)).text();
    release();
    await leavesRoom(server, 'http');
  });

  it('leaves room for others over HTTP/2', async () => {
    const { sidecar, release, asked } = heldConfig(large);
    await using server = await serveFakeSidecar({ ...tls(), sidecar });
    await using session = await http2Session(server.port);
    const stream = session.request({ ':path': '/config' });
    stream.on('error', () => {});
    await eventually(() => (asked() === 1 ? true : undefined));
    stream.close(8);
    await ask2(session, { ':path': '/healthz' });
    release();
    await leavesRoom(server, 'https');
  });
});

describe('requests over HTTP/2 that are taken back at once', () => {
  it('leave no timer', async () => {
    const clock = new FakeClock();
    await using server = await serveFakeSidecar({ ...tls(), clock });
    const waitedBefore = clock.waits.length;
    await using session = await http2Session(server.port);
    for (let round = 0; round < 20; round++) {
      const stream = session.request({ ':path': round % 2 === 0 ? '/healthz' : '/metrics' });
      stream.on('error', () => {});
      stream.close(8);
      await ask2(session, { ':path': '/healthz' });
    }
    await eventually(() => (clock.waits.length === waitedBefore ? true : undefined));
  });

  it('more than may be end their session', { timeout: 10_000 }, async () => {
    await using server = await serveFakeSidecar(tls());
    const hasty = await rawHttp2(server.port);
    const ended = new Promise<void>((resolve) => {
      hasty.once('close', () => resolve());
    });
    // So many that what each second allows anew makes no difference, however slow this machine is now.
    await written(hasty, resetRequests('/healthz', 20 * limits.resetStreams.most));
    hasty.resume();
    await ended;
  });

  it('by clients that go away without reading leave neither a connection nor memory', { timeout: 60_000 }, async () => {
    const { cert, key } = certificates.server;
    const child = startChild(process.execPath, ['--expose-gc', program, cert, key], { env: compileCache });
    try {
      const [, , port] = await eventually(() => /ports (\d+) (\d+)/.exec(child.output()) ?? undefined);
      const before = sampleProcess(child.pid).handles;
      for (let round = 0; round < 10; round++) {
        const hasty = await rawHttp2(Number(port));
        await written(hasty, resetRequests('/healthz', 3_000));
        hasty.destroy();
      }
      await eventually(() => (sampleProcess(child.pid).handles <= before ? true : undefined), { timeoutMs: 30_000 });
    } finally {
      await child.end('SIGKILL');
    }
  });
});

describe('connections that never begin a handshake', () => {
  it('do not keep others out', async () => {
    await using server = await serveFakeSidecar(tls());
    await using everything = new AsyncDisposableStack();
    for (let silent = 0; silent < limits.connections.most + 20; silent++) {
      everything.use(await RawConnection.open(server.port));
    }
    await using session = await http2Session(server.port);
    assert.equal((await ask2(session, { ':path': '/healthz' })).body, '{"health":true}');
  });
});
