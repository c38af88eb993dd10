import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { describe, it } from 'node:test';
import { command } from '../../../src/cli/command.ts';
import type { Host } from '../../../src/cli/host.ts';
import { optionGroup } from '../../../src/config/option.ts';
import { loggingOptions } from '../../../src/config/options/logging.ts';
import { Failure } from '../../../src/runtime/failure.ts';
import { Interrupted } from '../../../src/runtime/process/interrupted.ts';

const spec = {
  name: 'try',
  description: 'Tries.',
  examples: [],
  groups: {
    work: optionGroup({
      title: 'Work',
      options: { amount: { flag: 'amount', type: 'uint', default: 1, help: 'How much.' } },
    }),
    logging: loggingOptions,
    old: optionGroup({
      title: 'Old',
      withoutEffect: 'nothing is left to tune',
      options: { size: { flag: 'size', type: 'uint', default: 1, help: 'None.' } },
    }),
  },
};

function host() {
  const out: string[] = [];
  const signals = new EventEmitter();
  const silent = { write: () => undefined, isTerminal: false, columns: 80 };
  const made: Host = {
    argv: [],
    program: [],
    environment: { POD_NAME: 'etcd-main-0', POD_NAMESPACE: '' },
    stdout: { write: (text) => Promise.resolve(void out.push(text.toString())) },
    stderr: silent,
    signals,
    abandon: () => assert.fail('nothing has to be abandoned'),
  };
  return { host: made, out, signals };
}

describe('a command', () => {
  it('is called with its finished configuration and the surroundings', async () => {
    const { host: place, out } = host();
    const tried = command({
      ...spec,
      run({ config, pod, print }) {
        const amount: number = config.work.amount;
        assert.equal(pod.name, 'etcd-main-0');
        assert.equal(pod.namespace, undefined);
        assert.equal(pod.etcdConfigFile, '/var/etcd/config/etcd.conf.yaml');
        return print(`${amount}\n`);
      },
    });
    await tried.execute({ flags: new Map([['amount', ['3']]]), operands: [] }, place);
    assert.deepEqual(out, ['3\n']);
  });

  it('says at debug level which options change nothing', async () => {
    const { host: place } = host();
    const logged: string[] = [];
    const stderr = { ...place.stderr, write: (text: string) => void logged.push(text) };
    const tried = command({ ...spec, run: () => Promise.resolve() });
    const flags = new Map([
      ['size', ['7']],
      ['log-level', ['debug']],
    ]);
    await tried.execute({ flags, operands: [] }, { ...place, stderr });
    assert.match(logged.join(''), /--size is accepted, but nothing is left to tune/);
  });

  /** Runs a command that is interrupted in the middle and then fails with `failure`. */
  async function interruptedWith(failure: (reason: unknown) => unknown): Promise<unknown> {
    const { host: place, signals } = host();
    const tried = command({
      ...spec,
      run({ context }) {
        signals.emit('SIGTERM');
        return Promise.reject(failure(context.signal.reason));
      },
    });
    return await tried.execute({ flags: new Map(), operands: [] }, place).catch((error: unknown) => error);
  }

  const failed = (cause: unknown) =>
    new Failure({ code: 'store_transient', action: 'save', object: 'y', found: 'it stopped', cause });

  it('that failed because it was interrupted ends with the interruption', async () => {
    for (const failure of [
      (reason: unknown) => reason,
      (reason: unknown) => failed(reason),
      () => failed(new DOMException('This operation was aborted', 'AbortError')),
    ]) {
      assert.ok((await interruptedWith(failure)) instanceof Interrupted);
    }
  });

  it('that fails for another reason after the interruption ends with that reason', async () => {
    const full = failed(new Error('no space left'));
    assert.equal(await interruptedWith(() => full), full);
  });
});
