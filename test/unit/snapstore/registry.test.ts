import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { makeTempDir } from '../../../scripts/lab/temp-dir.ts';
import { localDirectory } from '../../../src/snapstore/providers/local/local-path.ts';
import { openStore, type StoreConfig } from '../../../src/snapstore/registry.ts';
import { jumpingClock } from '../../support/clock/jumping-clock.ts';
import { RecordedLog } from '../../support/context/recorded-log.ts';

const CONFIG: StoreConfig = {
  provider: 'Local',
  container: undefined,
  prefix: '',
  endpointOverride: undefined,
  maxParallelChunkUploads: 5,
  minChunkSize: 5 * 1024 * 1024,
  role: 'primary',
};

function open(config: Partial<StoreConfig>) {
  return openStore({ ...CONFIG, ...config }, { log: new RecordedLog(), clock: jumpingClock(), environment: {} });
}

test('a provider other than Local needs a container', async () => {
  await assert.rejects(open({ provider: 'ABS' }), { code: 'container_missing' });
  await assert.rejects(open({ provider: 'ABS', container: '' }), { code: 'container_missing' });
});

test('a provider without credentials says so', async () => {
  await assert.rejects(open({ provider: 'ABS', container: 'backups' }), { code: 'credentials_absent' });
});

test('local directories: absolute as they are, others below the home directory, default.bkp when none is given', async () => {
  assert.equal(localDirectory('/var/backup/', { HOME: '/home/me' }), '/var/backup');
  assert.equal(localDirectory('etcd/backup', { HOME: '/home/me' }), '/home/me/etcd/backup');
  assert.equal(localDirectory('', { HOME: '/home/me' }), '/home/me/default.bkp');
  assert.equal(localDirectory(undefined, { HOME: '/home/me' }), '/home/me/default.bkp');
  assert.equal((await open({ prefix: 'etcd-main' })).location, join(homedir(), 'default.bkp/etcd-main'));
});

test('opening and listing a local store makes nothing', async () => {
  using directory = makeTempDir();
  await using store = await open({ container: directory.join('backups') });
  const { snapshots } = await store.list({ signal: new AbortController().signal });
  assert.deepEqual(snapshots, []);
  assert.deepEqual(readdirSync(directory.path), []);
});
