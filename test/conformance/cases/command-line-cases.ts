import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeRig } from '../../cli/rig.ts';
import type { FaultRig } from './fault-rig.ts';

/** The error that a user sees who names the wrong container. */
export function commandLineCases(rig: FaultRig): void {
  test('a command reports a container that does not exist in one line', async () => {
    const { config, environment } = await rig.opened.process(rig.opened.target);
    const { provider, endpointOverride } = config;
    const container = 'no-such-container';
    const endpoint = endpointOverride === undefined ? [] : ['--store-endpoint-override', endpointOverride];
    const store = ['--storage-provider', provider, '--store-container', container, ...endpoint];
    const env = Object.fromEntries(Object.entries(environment).map(([name, value]) => [name, value ?? '']));
    await using program = makeRig();
    for (const command of ['list', 'check-store']) {
      const { stderr, exitCode } = await program.run([command, ...store], { env });
      assert.match(stderr, /^error: cannot [^\n]*no-such-container[^\n]*; create the (bucket|container)[^\n]*\n$/);
      assert.match(stderr, /--store-container/);
      assert.doesNotMatch(stderr, / at [^ ]*\.ts:/);
      assert.equal(exitCode, 1);
    }
  });
}
