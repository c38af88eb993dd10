import assert from 'node:assert/strict';
import { it } from 'node:test';
import { serverCommand } from '../../../src/cli/server.ts';
import { sidecarAuthorities } from '../../../src/cli/sidecar-authorities.ts';
import { loadConfig } from '../../../src/config/load-config.ts';

it('other sidecars are trusted by their own authority, else by that of etcd', async () => {
  const trusted = async (given: Readonly<Record<string, string>>): Promise<string | undefined> => {
    const flags = new Map(Object.entries(given).map(([flag, value]) => [flag, [value]]));
    const { config } = await loadConfig(serverCommand.spec, { flags, environment: {} });
    return sidecarAuthorities(config);
  };
  assert.equal(await trusted({}), undefined);
  assert.equal(await trusted({ cacert: 'etcd.crt' }), 'etcd.crt');
  assert.equal(await trusted({ cacert: 'etcd.crt', 'server-cacert': 'own.crt' }), 'own.crt');
});
