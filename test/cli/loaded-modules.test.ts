import assert from 'node:assert/strict';
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { projectRoot } from '../../scripts/lab/project-root.ts';
import { listedCommands } from '../../src/cli/commands.ts';
import { goldenDatabase } from '../support/datadir/golden.ts';
import { indexedFull } from '../support/fixtures/indexed-full.ts';
import { makeRig, type Rig } from './rig.ts';

const golden = `${projectRoot}test/fixtures/golden/etcd-3.5/gzip/store/`;
const recorder = fileURLToPath(new URL('../support/processes/record-modules.ts', import.meta.url));

/** What the sources imported when the program ran with these arguments, see the recorder. */
async function modulesOf(rig: Rig, args: readonly string[]): Promise<readonly string[]> {
  const record = rig.home.join('modules');
  const options = { nodeArguments: ['--import', recorder], env: { RECORDED_MODULES: record } };
  const { stderr, exitCode } = await rig.run(args, options);
  assert.equal(exitCode, 0, stderr);
  return readFileSync(record, 'utf8').split('\n');
}

/** A store with backups of an etcd in the home of the rig, as flags. */
function storeOf(rig: Rig): readonly string[] {
  const store = rig.home.join('store');
  cpSync(golden, store, { recursive: true });
  return ['--storage-provider', 'Local', '--store-container', store, '--store-prefix', 'etcd-main'];
}

const isOwn = (module: string): boolean => module.endsWith('.ts');
const packagesOf = (modules: readonly string[]): readonly string[] =>
  modules.filter((module) => !isOwn(module) && !module.startsWith('node:'));
const commandsOf = (modules: readonly string[]): readonly string[] =>
  listedCommands
    .map(({ name }) => name)
    .filter((name) => modules.includes(`cli/${name.replace(' ', '-')}.ts`))
    .toSorted();

/** Modules of Node that cost a start milliseconds and memory. */
const dear = ['crypto', 'zlib', 'net', 'http', 'https', 'http2', 'tls', 'worker_threads', 'child_process', 'stream'];
const dearOf = (modules: readonly string[]): readonly string[] =>
  modules.filter((module) => dear.some((name) => module === `node:${name}`));

describe('what is loaded', () => {
  it('for the version is no package at all', async () => {
    await using rig = makeRig();
    const modules = await modulesOf(rig, ['--version']);
    assert.ok(modules.includes('cli/version.ts'));
    assert.deepEqual(packagesOf(modules), []);
  });

  it('for help is the command line parser alone', async () => {
    await using rig = makeRig();
    const general = await modulesOf(rig, ['--help']);
    assert.deepEqual(packagesOf(general), ['commander']);
    assert.deepEqual(commandsOf(general), []);
    const modules = await modulesOf(rig, ['snapshot', '--help']);
    assert.deepEqual(packagesOf(modules), ['commander']);
    const rooms = modules.filter((module) => /^(?:operations|objects|workers|etcd|snapstore|datadir)\//.test(module));
    // Names and limits that the options of a store are declared with.
    const constants = ['provider-name.ts', 'store-role.ts', 'upload/chunk-plan.ts'].map((file) => `snapstore/${file}`);
    assert.deepEqual(
      rooms.filter((module) => !constants.includes(module)),
      [],
    );
  });

  it('for a command is no other command', async () => {
    await using rig = makeRig();
    const store = storeOf(rig);
    // Its end says where it comes from.
    const { bytes } = await indexedFull(goldenDatabase('etcd-3.5/gzip'));
    writeFileSync(rig.home.join('store/etcd-main/v2/Full-00000000-00000058-1795251532.gz'), bytes);
    const modules = await modulesOf(rig, ['list', ...store]);
    assert.deepEqual(commandsOf(modules), ['list']);
    assert.deepEqual(packagesOf(modules), ['commander', 'pino']);
    // Objects are streams, and the index at the end of a full has the checksums of zlib.
    assert.deepEqual(dearOf(modules), ['node:stream', 'node:zlib']);
  });

  it('for a data directory that is sound is little', async () => {
    await using rig = makeRig();
    assert.equal((await rig.run(['initialize', ...storeOf(rig), '-d', 'data'])).exitCode, 0);
    const modules = await modulesOf(rig, ['initialize', '--validation-mode', 'sanity', '-d', 'data']);
    assert.deepEqual(commandsOf(modules), ['initialize']);
    assert.deepEqual(packagesOf(modules), ['commander', 'pino']);
    assert.deepEqual(dearOf(modules), []);
    // A module more should be one that a sound directory needs: a container waits for this at each start. What says why a file could not
    // be made is among them, as the lock of the run is a file, and what loads native modules, as flock(2) is in one.
    const own = modules.filter(isOwn);
    assert.ok(own.length <= 143, `${own.length} modules:\n${own.join('\n')}`);
  });
});
