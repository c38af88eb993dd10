import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type Certificates, makeCertificates } from '../../../scripts/lab/certificates.ts';
import type { InitializationWord } from '../../../src/server/sidecar.ts';
import { jumpingClock } from '../../support/clock/jumping-clock.ts';
import { EtcdWrapper } from '../../support/server/etcd-wrapper.ts';
import type { FakeSidecar } from '../../support/server/fake-sidecar.ts';
import { type Served, serveFakeSidecar } from '../../support/server/serve-fake-sidecar.ts';

let certificates: Certificates;
before(async () => {
  certificates = await makeCertificates();
});
after(async () => {
  await certificates[Symbol.asyncDispose]();
});

/** Lets a fake go through the states of section 2.3: each run ends as told, after one look at `Progress`. */
function initializes(sidecar: FakeSidecar, ends: InitializationWord[]): void {
  let word: InitializationWord = 'New';
  sidecar.initialization.start = (mode) => {
    sidecar.starts.push(mode);
    word = word === 'New' ? 'Progress' : word;
  };
  sidecar.initialization.read = () => {
    const shown = word;
    return {
      word: shown,
      sent: () => {
        if (shown === 'Progress') {
          word = ends.shift() ?? 'Failed';
        } else if (shown !== 'New') {
          word = 'New';
        }
      },
    };
  };
}

function wrapper(
  server: Served,
  more: { readonly caFile?: string; readonly mode?: 'sanity'; readonly name?: string } = {},
) {
  const clock = jumpingClock();
  const { caFile, mode = 'full', name = 'etcd-main-local' } = more;
  return { clock, wrapper: new EtcdWrapper({ port: server.port, serverName: name, caFile, mode, clock }) };
}

const status = (word: InitializationWord): string => `/initialization/status 200 "${word}"`;

describe('etcd-wrapper', () => {
  it('starts an initialization, waits for it and takes the configuration', async () => {
    await using server = await serveFakeSidecar();
    initializes(server.sidecar, ['Successful']);
    const { wrapper: client, clock } = wrapper(server);
    assert.equal(await client.bootstrap(), 'name: etcd-main-0\n');
    assert.deepEqual(client.transcript, [
      status('New'),
      '/initialization/start?mode=full 200 ""',
      status('Progress'),
      status('Successful'),
      '/config 200 "name: etcd-main-0\\n"',
    ]);
    assert.deepEqual(clock.sleeps, [1_000, 1_000]);
    assert.deepEqual(server.sidecar.starts, ['full']);
  });

  it('starts a failed one again after two looks', async () => {
    await using server = await serveFakeSidecar();
    initializes(server.sidecar, ['Failed', 'Successful']);
    const { wrapper: client } = wrapper(server, { mode: 'sanity' });
    await client.bootstrap();
    assert.deepEqual(client.transcript, [
      status('New'),
      '/initialization/start?mode=sanity 200 ""',
      status('Progress'),
      status('Failed'),
      status('New'),
      '/initialization/start?mode=sanity 200 ""',
      status('Progress'),
      status('Successful'),
      '/config 200 "name: etcd-main-0\\n"',
    ]);
    assert.deepEqual(server.sidecar.starts, ['sanity', 'sanity']);
  });

  it('has the whole of a configuration as large as its buffer takes', async () => {
    await using server = await serveFakeSidecar();
    initializes(server.sidecar, ['Successful']);
    const config = `name: etcd-main-0\n${'#'.repeat(3_700)}\n`;
    server.sidecar.onConfig = () => Promise.resolve(config);
    assert.equal(await wrapper(server).wrapper.bootstrap(), config);
  });

  it('tries five times for the configuration, and then its container exits', async () => {
    await using server = await serveFakeSidecar();
    initializes(server.sidecar, ['Successful']);
    server.sidecar.onConfig = () => Promise.reject(new Error('POD_NAME is not set'));
    const { wrapper: client } = wrapper(server);
    await assert.rejects(client.bootstrap(), /the container exits/);
    assert.equal(client.transcript.filter((line) => line === '/config 500 "POD_NAME is not set\\n"').length, 5);
  });

  it('finds its server name in the certificate, and the same in one read over TLS', async () => {
    await using server = await serveFakeSidecar({
      certificate: { certFile: certificates.server.cert, keyFile: certificates.server.key },
    });
    initializes(server.sidecar, ['Successful']);
    const config = `name: etcd-main-0\n${'#'.repeat(3_500)}\n`;
    server.sidecar.onConfig = () => Promise.resolve(config);
    assert.equal(await wrapper(server, { caFile: certificates.ca }).wrapper.bootstrap(), config);
  });

  it('is served a hundred times in a row without a lost answer', async () => {
    await using server = await serveFakeSidecar();
    for (let round = 0; round < 100; round++) {
      initializes(server.sidecar, ['Successful']);
      await wrapper(server).wrapper.bootstrap();
    }
  });
});
