import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { etcdRelease } from '../../scripts/lab/etcd-release.ts';
import { startEtcd } from '../../scripts/lab/etcd-server.ts';
import { pageText } from '../../scripts/markdown.ts';
import { goldenStoreFlags } from './golden-store-flags.ts';
import { makeRig, type Rig } from './rig.ts';

const page = pageText('docs/json.md');

/** Words in code of the section whose title names the command. */
function wordsOf(command: string): ReadonlySet<string> {
  const sections = page.split(/^## /m);
  const section = sections.find((each) => each.split('\n')[0]?.includes(`\`${command}\``)) ?? assert.fail(command);
  const shared = sections.find((each) => each.startsWith('A snapshot')) ?? '';
  return new Set([...`${section}${shared}`.matchAll(/`([A-Za-z0-9]+)`/g)].map(([, word = '']) => word));
}

/** The names of all fields, however deep. */
function fieldsOf(value: unknown): readonly string[] {
  if (typeof value !== 'object' || value === null) {
    return [];
  }
  return Array.isArray(value)
    ? value.flatMap(fieldsOf)
    : Object.entries(value).flatMap(([name, inner]) => [name, ...fieldsOf(inner)]);
}

/** Runs a command, and fails where a field of its result is not on the page. */
async function lookUp(rig: Rig, command: string, args: readonly string[]): Promise<void> {
  const { stdout, stderr } = await rig.run([...command.split(' '), ...args, '-o', 'json']);
  const fields = stdout
    .trim()
    .split('\n')
    .flatMap((line) => fieldsOf(JSON.parse(line)));
  assert.ok(fields.length > 2, stderr);
  const known = wordsOf(command);
  assert.deepEqual(
    [...new Set(fields)].filter((field) => !known.has(field)),
    [],
    command,
  );
}

describe('the fields of results', () => {
  it('that need a cluster are on their page', async () => {
    await using rig = makeRig();
    await using etcd = await startEtcd({ release: await etcdRelease('3.5') });
    const store = ['--storage-provider', 'Local', '--store-container', rig.home.join('taken')];
    const cluster = ['-e', etcd.clientUrl];
    await etcd.etcdctl('put', 'a', 'first');
    await etcd.etcdctl('put', 'b', 'first');
    await lookUp(rig, 'snapshot --once', [...cluster, ...store]);
    await etcd.etcdctl('del', 'a');
    await etcd.etcdctl('put', 'b', 'second');
    assert.equal((await rig.run(['export', 'a', 'b', '--to', 'keys.jsonl', ...store])).exitCode, 0);
    await lookUp(rig, 'apply', ['keys.jsonl', '--keep-going', ...cluster]);
    await lookUp(rig, 'undelete', ['a', '--before-revision', '4', ...cluster, ...store]);
    await lookUp(rig, 'undelete', ['a', '--before-revision', '4', '--yes', ...cluster, ...store]);
    await lookUp(rig, 'apply', ['keys.jsonl', '--unchanged-since', '9', '--yes', ...cluster]);
    await lookUp(rig, 'fleet verify', store);
    await lookUp(rig, 'fleet report', store);
  });

  it('are on their page', async () => {
    await using rig = makeRig();
    const store = goldenStoreFlags(rig, 'etcd-3.5/gzip');
    const source = store.map((flag) => flag.replace(/^--/, '--source-'));
    const full = rig.home.join('store/etcd-main/v2/Full-00000000-00000058-1795251532.gz');
    const here = (name: string): readonly string[] => [
      '--storage-provider',
      'Local',
      '--store-container',
      rig.home.join(name),
    ];
    const commands: readonly (readonly [command: string, ...args: string[]])[] = [
      ['list', ...store],
      ['list', ...here('store')],
      ['status', full],
      ['verify', '--level', 'restore', ...store],
      ['prune', ...store],
      ['check-store', ...here('tried')],
      ['restore --plan', ...store],
      ['restore', '-d', 'data', ...store],
      ['restore', '-d', 'older', '--to-revision', '100', ...store],
      ['initialize', '-d', 'data', ...store],
      ['initialize', '-d', 'other', ...store],
      ['copy', ...source, ...here('dry'), '--dry-run'],
      ['copy', ...source, ...here('copy')],
      ['get', '/hot', ...store],
      ['ls', ...store],
      ['ls', '--depth', '1', ...store],
      ['history', '/hot', ...store],
      ['diff', '10', 'newest', ...store],
      ['fleet list', ...here('store')],
      ['version'],
      ['compact', ...store],
    ];
    for (const [command, ...args] of commands) {
      await lookUp(rig, command, args);
    }
  });
});
