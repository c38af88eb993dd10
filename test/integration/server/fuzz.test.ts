import assert from 'node:assert/strict';
import { get } from 'node:http';
import { get as getSecurely } from 'node:https';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { makeCertificates } from '../../../scripts/lab/certificates.ts';
import { startChild } from '../../../scripts/lab/child-process.ts';
import { compileCache } from '../../../scripts/lab/compile-cache.ts';
import { eventually } from '../../../scripts/lab/eventually.ts';
import { seededChoices } from '../../support/fixtures/random.ts';
import { sampleProcess } from '../../support/processes/process-sample.ts';
import { attacks, type Target } from '../../support/server/http-attacks.ts';

const wanted = Number(process.env['HTTP_FUZZ_REQUESTS'] ?? '2000');
const seed = Number(process.env['HTTP_FUZZ_SEED'] ?? '1');
/** Attacks at the same time. */
const atOnce = 8;
/** What the process may hold without its garbage, bytes: as much after fifty thousand requests as after a few. */
const most = 160 * 1024 * 1024;

const program = fileURLToPath(new URL('../../support/server/server-program.ts', import.meta.url));

function health(url: string): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const ask = url.startsWith('https') ? getSecurely : get;
  ask(url, { agent: false, rejectUnauthorized: false }, (response) => {
    let text = '';
    response.setEncoding('utf8').on('data', (piece) => {
      text += piece;
    });
    response.on('end', () => resolve(text));
    response.on('error', reject);
  }).on('error', reject);
  return promise;
}

describe('the server', () => {
  it(`is up after ${wanted} hostile requests, with the memory it had (HTTP_FUZZ_SEED=${seed})`, async (t) => {
    await using certificates = await makeCertificates();
    const { cert, key } = certificates.server;
    const child = startChild(process.execPath, ['--expose-gc', program, cert, key], { env: compileCache });
    try {
      const ports = await eventually(() => /ports (\d+) (\d+)/.exec(child.output()) ?? undefined);
      const target: Target = { plain: Number(ports[1]), tls: Number(ports[2]) };
      const answers = async (): Promise<void> => {
        assert.ok(!child.hasExited(), child.output());
        assert.equal(await health(`http://127.0.0.1:${target.plain}/healthz`), '{"health":true}');
        assert.equal(await health(`https://127.0.0.1:${target.tls}/healthz`), '{"health":true}');
      };
      let measured = 0;
      const memory = async (): Promise<number> => {
        measured += 1;
        process.kill(child.pid, 'SIGUSR2');
        const lines = await eventually(() => {
          const found = [...child.output().matchAll(/memory (\d+)\n/g)];
          return found.length === measured ? found : undefined;
        });
        return Number(lines.at(-1)?.[1]);
      };
      await answers();
      const random = seededChoices(seed);
      let sent = 0;
      let early: number | undefined;
      while (sent < wanted) {
        const counts = await Promise.all(
          Array.from({ length: atOnce }, () => random.pick(attacks)(target, seededChoices(random.integer(2 ** 31)))),
        );
        sent += counts.reduce((sum, count) => sum + count, 0);
        if (early === undefined && sent > wanted / 3) {
          await answers();
          early = await memory();
        }
      }
      await answers();
      // Connections that hang are cut, so nothing of them stays.
      await eventually(() => (sampleProcess(child.pid).handles < 60 ? true : undefined));
      const late = await memory();
      t.diagnostic(
        `${sent} requests, ${Math.round((early ?? 0) / 1e6)} MB after a third, ${Math.round(late / 1e6)} MB at the end`,
      );
      assert.ok((early ?? 0) < most && late < most, `${late} bytes at the end, ${early} after a third`);
      assert.equal(child.output().replaceAll(/^(?:ports|memory) .*\n/gm, ''), '');
    } finally {
      await child.end('SIGKILL');
    }
  });
});
