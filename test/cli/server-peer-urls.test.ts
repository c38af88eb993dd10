import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { it } from 'node:test';
import { etcdLines, etcdRelease } from '../../scripts/lab/etcd-release.ts';
import { type EtcdServer, startEtcd } from '../../scripts/lab/etcd-server.ts';
import { eventually } from '../../scripts/lab/eventually.ts';
import { listenOnLoopback } from '../support/servers/loopback-listener.ts';
import { makeRig } from './rig.ts';
import { startedServer } from './started-server.ts';

/** What etcd-wrapper does when it is asked to stop: its etcd ends, its container is started again, and so etcd. */
async function startWrapper(etcd: EtcdServer) {
  const asked: string[] = [];
  let restarts = Promise.resolve();
  const server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    restarts = restarts.then(() => etcd.restart());
    response.end();
  });
  const listener = await listenOnLoopback(server);
  return {
    port: listener.port,
    asked,
    restarted: () => restarts,
    [Symbol.asyncDispose]: async () => {
      await listener[Symbol.asyncDispose]();
      await restarts;
    },
  };
}

for (const line of etcdLines) {
  it(`a server has the peer URLs of an etcd ${line} follow the configuration, and its wrapper start it again once`, async () => {
    await using rig = makeRig();
    await using etcd = await startEtcd({ release: await etcdRelease(line), name: 'etcd-0' });
    await using wrapper = await startWrapper(etcd);
    const configure = (peerUrl: string): void =>
      writeFileSync(
        rig.home.join('etcd.yaml'),
        JSON.stringify({
          'initial-cluster': `etcd-0=${peerUrl}`,
          'initial-advertise-peer-urls': { 'etcd-0': [peerUrl] },
          'advertise-client-urls': { 'etcd-0': [etcd.clientUrl] },
        }),
      );
    configure('http://etcd-0.first:2380');
    const server = await startedServer(rig, {
      flags: [
        `--endpoints=${etcd.clientUrl}`,
        '--reelection-period=1100ms',
        '--etcd-connection-timeout=5s',
        '--use-etcd-wrapper',
        `--etcd-wrapper-port=${wrapper.port}`,
      ],
      env: { POD_NAME: 'etcd-0', POD_NAMESPACE: 'shoot', ETCD_CONF: rig.home.join('etcd.yaml') },
    });
    const { running, get } = server;
    const follows = async (peerUrl: string, times: number): Promise<void> => {
      await eventually(() => (wrapper.asked.length >= times ? true : undefined), { describe: () => running.stderr() });
      await wrapper.restarted();
      await eventually(async () => ((await get('/healthz')).code === 200 ? true : undefined), {
        describe: () => running.stderr(),
      });
      assert.match(await etcd.etcdctl('member', 'list'), new RegExp(`, started, etcd-0, ${peerUrl}, `));
    };
    await follows('http://etcd-0.first:2380', 1);
    // While etcd is away its configuration may become another one.
    await etcd.kill9();
    await running.saw(/and is out of reach now/);
    configure('http://etcd-0.second:2380');
    await etcd.restart();
    await follows('http://etcd-0.second:2380', 2);
    await server.stop();
    assert.deepEqual(wrapper.asked, ['POST /stop', 'POST /stop']);
  });
}
