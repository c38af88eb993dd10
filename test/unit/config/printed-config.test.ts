import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { parse } from 'yaml';
import { makeTempDir } from '../../../scripts/lab/temp-dir.ts';
import { serverCommand } from '../../../src/cli/server.ts';
import { loadConfig } from '../../../src/config/load-config.ts';
import { printedConfig } from '../../../src/config/printed-config.ts';
import type { Environment } from '../../../src/runtime/environment.ts';

async function print(flags: Readonly<Record<string, string>>, environment: Environment = {}): Promise<string> {
  const given = new Map(Object.entries(flags).map(([flag, text]) => [flag, [text]]));
  return printedConfig(serverCommand.spec, await loadConfig(serverCommand.spec, { flags: given, environment }));
}

describe('the printed configuration', () => {
  it('names the source of each value', async () => {
    using dir = makeTempDir();
    const file = dir.join('config.yaml');
    writeFileSync(file, 'SnapshotterConfig:\n  maxbackups: 3\n');
    const text = await print({ 'config-file': file, schedule: '@daily' }, { STORAGE_CONTAINER: 'etcd-bucket' });
    assert.match(text, /^ {2}schedule: "@daily" # from --schedule$/m);
    assert.ok(text.includes(`  maxBackups: 3 # from SnapshotterConfig.maxbackups in file ${file}\n`), text);
    assert.match(text, /^ {2}container: etcd-bucket # from environment variable STORAGE_CONTAINER$/m);
    assert.match(text, /^ {2}garbageCollectionPolicy: Exponential # default$/m);
    assert.match(text, /# Flags without a key in the file:\n# --config-file=.*config\.yaml \(from --config-file\)/);
  });

  it('is a configuration file that gives the same configuration', async () => {
    using dir = makeTempDir();
    const flags = {
      endpoints: 'https://a:2379,https://b:2379',
      'delta-snapshot-period': '1m0s',
      'compress-snapshots': 'false',
      'initial-cluster': 'a=http://a:2380,b=http://b:2380',
      'backoff-multiplier': '3',
    };
    const given = new Map(Object.entries(flags).map(([flag, text]) => [flag, [text]]));
    const before = await loadConfig(serverCommand.spec, { flags: given, environment: {} });
    const file = dir.join('printed.yaml');
    writeFileSync(file, printedConfig(serverCommand.spec, before));
    const after = await loadConfig(serverCommand.spec, {
      flags: new Map([['config-file', [file]]]),
      environment: {},
    });
    const { configFile: _, ...config } = after.config;
    const { configFile: __, ...expected } = before.config;
    assert.deepEqual(config, expected);
    assert.deepEqual(after.warnings, []);
  });

  it('hides secrets, also those inside of URLs', async () => {
    const text = await print({
      'etcd-username': 'root',
      'etcd-password': 'hunter2',
      'store-endpoint-override': 'https://key:hunter2@store.example/path',
    });
    assert.equal(text.includes('hunter2'), false, text);
    assert.equal(parse(text).etcdConnectionConfig.password, '***');
    assert.equal(parse(text).snapstoreConfig.endpointOverride, 'https://***@store.example/path');
  });
});
