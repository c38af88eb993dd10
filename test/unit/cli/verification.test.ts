import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { dailySchedule, proveInProcess } from '../../../src/cli/verification.ts';
import { readCronSchedule } from '../../../src/config/cron-schedule.ts';
import type { Proof } from '../../../src/server/proof.ts';
import { recordedContext } from '../../support/context/run-context.ts';

describe('the daily minute of a verification', () => {
  it('is a schedule, the same for the same pod, and spread over the day', () => {
    const schedules = Array.from({ length: 200 }, (_, pod) => dailySchedule(`etcd-main-${pod} S3 bucket`));
    assert.equal(dailySchedule('etcd-main-7 S3 bucket'), schedules[7]);
    assert.ok(new Set(schedules).size > 100);
    for (const schedule of schedules) {
      assert.match(schedule, /^\d{1,2} \d{1,2} \* \* \*$/);
      assert.ok('fields' in readCronSchedule(schedule), schedule);
    }
  });
});

/** Stands for `verify`: says as its findings which priority its threads have come to, and how many cores each may use. */
const sayPlace = `
  const { getPriority } = require('node:os');
  const priorities = () => [...new Set(readdirSync('/proc/self/task').map((thread) => getPriority(Number(thread))))].join();
  const { readdirSync, readFileSync } = require('node:fs');
  const coresOf = (thread) => {
    const mask = /^Cpus_allowed:\\s+(\\S+)$/m.exec(readFileSync('/proc/self/task/' + thread + '/status', 'latin1'))[1];
    return [...mask.replaceAll(',', '')].reduce((sum, digit) => sum + [0,1,1,2,1,2,2,3,1,2,2,3,2,3,3,4][parseInt(digit, 16)], 0);
  };
  const cores = () => [...new Set(readdirSync('/proc/self/task').map(coresOf))].join();
  const say = () => process.stdout.write(JSON.stringify({
    sound: false, provableRevision: null, provableStateOf: null,
    findings: [priorities(), cores()].map((text) => ({ weight: 'problem', snapshot: null, text: String(text) })),
  }));
  const begun = Date.now();
  const isThere = () => {
    try {
      return priorities() === '19' && cores() === '1';
    } catch {
      return false; // A thread has ended meanwhile.
    }
  };
  const look = () => (isThere() || Date.now() - begun > 200_000 ? say() : setTimeout(look, 1));
  const worker = new (require('node:worker_threads').Worker)('setTimeout(() => {}, 250_000)', { eval: true });
  worker.once('online', () => (worker.unref(), look()));`;

/** What a program that stands for `verify` is taken to say. */
async function proved(source: string): Promise<Proof> {
  const context = { ...recordedContext(), environment: {} };
  const program = [process.execPath, '-e', source, '--'];
  return await proveInProcess({ flags: new Map(), program, context, tempDir: '/scratch' }, context);
}

function saying(findings: readonly object[]): string {
  const report = { sound: false, provableRevision: null, provableStateOf: null, findings };
  return `process.stdout.write(${JSON.stringify(JSON.stringify(report))}); process.exitCode = 1`;
}

describe('the process that verifies', () => {
  it('has the lowest priority, and one core for all of its threads', async () => {
    assert.deepEqual((await proved(sayPlace)).problems, ['19', '1']);
  });

  it('proves nothing where all that is wrong is that no identity opens it', async () => {
    const unopened = { weight: 'problem', snapshot: 'Full-1.age', text: 'it is encrypted', unopened: true };
    const gap = { weight: 'problem', snapshot: null, text: 'a gap' };
    await assert.rejects(proved(saying([unopened, unopened, { ...gap, weight: 'note' }])), {
      code: 'no_identity',
      message: /2 objects of it could not be opened, and nothing else is wrong; give --identity/,
    });
    const { sound, problems } = await proved(saying([unopened, gap]));
    assert.deepEqual([sound, problems], [false, ['Full-1.age: it is encrypted', 'a gap']]);
  });

  it('writes its database where the server has room for one, which may be nowhere else', async () => {
    const source = `
      const problem = (text) => ({ weight: 'problem', snapshot: null, text });
      const given = process.argv.filter((each) => each.startsWith('--temp-dir'));
      process.stdout.write(JSON.stringify({
        sound: false, provableRevision: null, provableStateOf: null, findings: given.map(problem),
      }));`;
    assert.deepEqual((await proved(source)).problems, ['--temp-dir=/scratch']);
  });

  const said = async (document: object, { exitCode = 0, errors = '' } = {}) => {
    const context = { ...recordedContext(), environment: {} };
    const text = JSON.stringify({ sound: true, provableRevision: 7, provableStateOf: null, findings: [], ...document });
    const script = `process.stderr.write(${JSON.stringify(errors)}); process.stdout.write(${JSON.stringify(text)}); process.exitCode = ${exitCode}`;
    const program = [process.execPath, '-e', script, '--'];
    const tempDir = '/scratch';
    return { proof: proveInProcess({ flags: new Map(), program, context, tempDir }, context), context };
  };

  it('is asked to write its proof down; that it could not is no damage', async () => {
    const { proof, context } = await said({ recorded: null }, { exitCode: 1, errors: 'error: cannot write: denied\n' });
    assert.equal((await proof).sound, true);
    assert.match(
      context.lines.map(({ text }) => text).join(),
      /proof was not written into the store, .*: cannot write: denied/,
    );
    assert.equal((await (await said({ recorded: 'v2/Proof-1' })).proof).sound, true);
  });
});
