import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { dailySchedule, proveInProcess } from '../../../src/cli/verification.ts';
import { readCronSchedule } from '../../../src/config/cron-schedule.ts';
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

/** Stands for `verify`: says as its finding which priority it has come to. */
const sayPriority = `
  const { getPriority } = require('node:os');
  const say = () => process.stdout.write(JSON.stringify({
    sound: false, provableRevision: null, provableStateOf: null,
    findings: [{ weight: 'problem', snapshot: null, text: String(getPriority()) }],
  }));
  const begun = Date.now();
  const look = () => (getPriority() > 0 || Date.now() - begun > 5_000 ? say() : setTimeout(look, 1));
  look();`;

describe('the process that verifies', () => {
  it('has the lowest priority', async () => {
    const context = { ...recordedContext(), environment: {} };
    const program = [process.execPath, '-e', sayPriority, '--'];
    const { problems } = await proveInProcess({ flags: new Map(), program, context }, context);
    assert.deepEqual(problems, ['19']);
  });

  const said = async (document: object, { exitCode = 0, errors = '' } = {}) => {
    const context = { ...recordedContext(), environment: {} };
    const text = JSON.stringify({ sound: true, provableRevision: 7, provableStateOf: null, findings: [], ...document });
    const script = `process.stderr.write(${JSON.stringify(errors)}); process.stdout.write(${JSON.stringify(text)}); process.exitCode = ${exitCode}`;
    const program = [process.execPath, '-e', script, '--'];
    return { proof: proveInProcess({ flags: new Map(), program, context }, context), context };
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

  it('finds nothing out about what it has no key for', async () => {
    const closed = { weight: 'problem', snapshot: 'Full-x.gz.age', text: 'it is encrypted', unopened: true };
    const errors = 'error: cannot verify the store: it is encrypted\n';
    const { proof } = await said({ sound: false, findings: [closed] }, { exitCode: 1, errors });
    await assert.rejects(proof, { code: 'verify_untried', message: /it is encrypted/ });
  });
});
