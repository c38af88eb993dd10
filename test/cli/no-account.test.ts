import assert from 'node:assert/strict';
import { it } from 'node:test';
import { makeRig } from './rig.ts';

it('GCS without credentials says which variable to set, and nothing of what the SDK looked for', async () => {
  await using rig = makeRig();
  const args = ['check-store', '--storage-provider', 'GCS', '--store-container', 'b'];
  // The search for an account of the machine asks addresses that a test must not depend on.
  const env = { METADATA_SERVER_DETECTION: 'none' };
  const { exitCode, stdout, stderr } = await rig.run(args, { env });
  assert.equal(exitCode, 1);
  assert.match(stdout, /GOOGLE_APPLICATION_CREDENTIALS is not set/);
  assert.match(stderr, /set GOOGLE_APPLICATION_CREDENTIALS to the JSON file of a service account/);
  assert.doesNotMatch(stdout + stderr, /default credentials|cloud\.google\.com|Warning/);
});
