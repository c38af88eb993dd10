import assert from 'node:assert/strict';
import { it } from 'node:test';
import { builtExecutable } from '../../../scripts/lab/executable.ts';
import { run } from '../../../scripts/lab/run.ts';
import { makeTempDir } from '../../../scripts/lab/temp-dir.ts';
import { goldenStorePath } from '../../support/fixtures/golden-store.ts';

for (const [zone, offset] of [
  ['Asia/Kolkata', '+05:30'],
  ['America/Phoenix', '-07:00'],
  ['UTC', 'Z'],
] as const) {
  it(`log lines have times in the zone of TZ: ${zone}`, async () => {
    using dir = makeTempDir();
    const store = ['--storage-provider', 'Local', '--store-container', goldenStorePath('etcd-3.5/gzip')];
    const args = ['restore', ...store, '--store-prefix', 'etcd-main', '--data-dir', dir.join('data')];
    const before = Date.now();
    const { stderr } = await run(builtExecutable(), [...args, '--log-format', 'json'], { env: { TZ: zone } });
    const after = Date.now();
    const [first = ''] = stderr.split('\n');
    const { time } = JSON.parse(first) as { readonly time: string };
    assert.ok(time.endsWith(offset), time);
    assert.ok(Date.parse(time) >= before && Date.parse(time) <= after, `${time} is not now`);
  });
}
