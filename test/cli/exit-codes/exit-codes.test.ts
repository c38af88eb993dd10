// Takes long: a process for each of more than two hundred cells of a table.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { after, describe, it } from 'node:test';
import { etcdRelease } from '../../../scripts/lab/etcd-release.ts';
import { type EtcdServer, startEtcd } from '../../../scripts/lab/etcd-server.ts';
import { projectRoot } from '../../../scripts/lab/project-root.ts';
import { makeRig, type Rig } from '../rig.ts';
import { type Place, type WayOut, waysOut } from './ways-out.ts';

/** How each command is called; the names are those of the table in docs/exit-codes.md. */
const commands: Readonly<Record<string, (rig: Rig, place: Place) => readonly string[]>> = {
  snapshot: (_rig, { store, etcd }) => ['snapshot', '-e', etcd, ...store, '--delta-snapshot-period=1h'],
  'snapshot --once': (_rig, { store, etcd }) => ['snapshot', '--once', '-e', etcd, ...store],
  restore: (rig, { store }) => ['restore', '-d', rig.home.join('data'), ...store],
  'restore --plan': (_rig, { store }) => ['restore', '--plan', ...store],
  initialize: (rig, { store }) => ['initialize', '-d', rig.home.join('data'), ...store],
  compact: (rig, { store }) => ['compact', '--restoration-temp-snapshots-dir', rig.home.join('temp'), ...store],
  copy: (rig, { store }) => ['copy', ...store, '--store-container', rig.home.join('target')],
  'copy --dry-run': (rig, { store }) => ['copy', '--dry-run', ...store, '--store-container', rig.home.join('target')],
  list: (_rig, { store }) => ['list', ...store],
  status: (_rig, { file }) => ['status', file],
  get: (rig, { store }) => ['get', '/end', '--temp-dir', rig.home.join('temp'), ...store],
  ls: (rig, { store }) => ['ls', '--temp-dir', rig.home.join('temp'), ...store],
  history: (rig, { store }) => ['history', '/end', '--temp-dir', rig.home.join('temp'), ...store],
  diff: (rig, { store }) => ['diff', '58', 'newest', '--temp-dir', rig.home.join('temp'), ...store],
  undelete: undeleteArgs,
  'undelete --yes': (rig, place) => [...undeleteArgs(rig, place), '--yes'],
  export: exportArgs,
  'export --to': (rig, place) => [...exportArgs(rig, place), '--to', rig.home.join('exported/lines')],
  'export --to-dir': (rig, place) => [...exportArgs(rig, place), '--to-dir', rig.home.join('exported')],
  apply: (rig, { etcd }) => ['apply', exportedFile(rig), '-e', etcd],
  'apply --yes': (rig, { etcd }) => ['apply', '--yes', exportedFile(rig), '-e', etcd],
  verify: (rig, { store }) => ['verify', '--temp-dir', rig.home.join('temp'), ...store],
  'fleet list': (_rig, { store }) => ['fleet', 'list', ...store],
  'fleet verify': (rig, { store }) => ['fleet', 'verify', '--temp-dir', rig.home.join('temp'), ...store],
  'fleet report': (_rig, { store }) => ['fleet', 'report', ...store],
  'check-store': (_rig, { store }) => ['check-store', ...store],
  prune: (_rig, { store }) => ['prune', ...store],
  'prune --yes': (_rig, { store }) => ['prune', '--yes', ...store],
  'completion bash': () => ['completion', 'bash'],
  completion: () => ['completion'],
  help: () => ['help'],
  licenses: () => ['licenses'],
  version: () => ['version'],
  server: (rig, { store, etcd }) => [
    ...['server', '-e', etcd, '-d', rig.home.join('data'), ...store, '--server-port', '0'],
    ...['--listen-address', '127.0.0.1', '--reelection-period', '1100ms', '--delta-snapshot-period=1h'],
  ],
  'server --print-config': (_rig, { store }) => ['server', '--print-config', ...store],
};

function undeleteArgs(rig: Rig, { store, etcd }: Place): readonly string[] {
  const wanted = ['undelete', '/registry/', '--before-revision', '110'];
  return [...wanted, '-e', etcd, '--temp-dir', rig.home.join('temp'), '--other-cluster', ...store];
}

function exportArgs(rig: Rig, { store }: Place): readonly string[] {
  return ['export', '/registry/', '--temp-dir', rig.home.join('temp'), ...store];
}

/** An export of nothing. */
function exportedFile(rig: Rig): string {
  const file = rig.home.join('export.jsonl');
  const header = '{"export":1,"revision":1,"source":"a test","snapshots":[]}\n';
  const sha256 = createHash('sha256').update(header).digest('hex');
  writeFileSync(file, `${header}{"end":true,"keys":0,"sha256":"${sha256}"}\n`);
  return file;
}

interface Cell {
  readonly command: string;
  readonly way: string;
  readonly code: string;
}

/** The cells of the table, dashes included. */
function cellsOf(page: string): readonly Cell[] {
  const lines = page.slice(page.indexOf('## Every command')).split('\n');
  const [head = '', , ...rows] = lines.filter((line) => line.startsWith('|'));
  const cells = (line: string): readonly string[] =>
    line
      .split('|')
      .slice(1, -1)
      .map((text) => text.trim().replaceAll('`', ''));
  const [, ...ways] = cells(head);
  return rows.flatMap((row) => {
    const [command = '', ...codes] = cells(row);
    return codes.map((code, at) => ({ command, way: ways[at] ?? '', code }));
  });
}

/** The last line on stderr, by the code. */
const lastLines: Readonly<Record<string, RegExp>> = {
  0: /^(?!error: )/,
  1: /^error: cannot /,
  2: /^error: cannot /,
  143: /^error: (interrupted by SIGTERM$|cannot )/,
};

function isWayOut(way: string): way is WayOut {
  return way in waysOut;
}

const cells = cellsOf(readFileSync(`${projectRoot}docs/exit-codes.md`, 'utf8'));

describe('the table of exit codes', () => {
  it('has each command and each way out', () => {
    assert.deepEqual([...new Set(cells.map(({ command }) => command))], Object.keys(commands));
    assert.deepEqual([...new Set(cells.map(({ way }) => way))], Object.keys(waysOut));
  });
});

describe('a command ends', () => {
  /** The etcd of a command, for all its ways out. */
  const servers = new Map<string, EtcdServer>();
  after(async () => {
    await Promise.all([...servers.values()].map((server) => server[Symbol.asyncDispose]()));
  });
  const etcdOf = async (command: string): Promise<string> => {
    if (!/^(snapshot|server|undelete|apply)/.test(command)) {
      return '';
    }
    const server = servers.get(command) ?? (await startEtcd({ release: await etcdRelease('3.5') }));
    servers.set(command, server);
    return server.clientUrl;
  };

  for (const { command, way, code } of cells.filter((cell) => cell.code !== '-')) {
    it(`with ${code} when ${way}: ${command}`, async () => {
      assert.ok(isWayOut(way));
      await using rig = makeRig();
      const argsOf = commands[command];
      assert.ok(argsOf !== undefined);
      const args = (place: Place): readonly string[] => argsOf(rig, place);
      const finished = await waysOut[way]({ rig, command, etcd: await etcdOf(command), args });
      const { stdout, stderr, exitCode } = finished;
      assert.equal(String(exitCode), code, `${stdout}\n${stderr}`);
      const last = stderr.trimEnd().split('\n').at(-1) ?? '';
      assert.match(last, lastLines[code] ?? /^$/, stderr);
      if (way === 'interrupted') {
        assert.equal(stdout, '', 'what was not done has no result');
      }
      if (code !== '0') {
        assert.ok(!existsSync(rig.home.join('exported')), 'what is not whole is not there');
      }
      if (way === 'stdout is full' && code === '1') {
        assert.match(last, /^error: cannot write the result: no space is left there/);
      }
    });
  }
});
