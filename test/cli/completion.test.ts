import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { makeRig, type Rig } from './rig.ts';

async function script(rig: Rig, shell: string): Promise<string> {
  const { stdout, exitCode } = await rig.run(['completion', shell]);
  assert.equal(exitCode, 0);
  const path = rig.home.join(`completion.${shell}`);
  writeFileSync(path, stdout);
  return path;
}

/** What bash offers after these words; the last one is being typed. */
function offered(path: string, words: readonly string[]): readonly string[] {
  const line = words.map((word) => `'${word}'`).join(' ');
  const program = `source ${path}; compopt() { :; }; COMP_WORDS=(${line}); COMP_CWORD=${words.length - 1}; _etcdbrctl; printf '%s\\n' "\${COMPREPLY[@]}"`;
  return execFileSync('bash', ['--norc', '-c', program], { encoding: 'utf8' }).trim().split('\n');
}

describe('completion for bash', () => {
  it('completes commands, flags and values', async () => {
    await using rig = makeRig();
    const path = await script(rig, 'bash');
    assert.deepEqual(offered(path, ['etcdbrctl', 'sn']), ['snapshot']);
    assert.deepEqual(offered(path, ['etcdbrctl', 'co']), ['compact', 'copy', 'completion']);
    assert.deepEqual(offered(path, ['etcdbrctl', 'restore', '--max-f']), ['--max-fetchers']);
    assert.deepEqual(offered(path, ['etcdbrctl', 'restore', '--sched']), ['']);
    assert.deepEqual(offered(path, ['etcdbrctl', 'snapshot', '--storage-provider', 'S']), ['S3', 'Swift']);
    assert.deepEqual(offered(path, ['etcdbrctl', 'snapshot', '--storage-provider', '=', 'L']), ['Local']);
    assert.deepEqual(offered(path, ['etcdbrctl', 'snapshot', '--storage-provider', '=']).length, 8);
    assert.deepEqual(offered(path, ['etcdbrctl', 'initialize', '--validation-mode', 'f']), ['full']);
    assert.deepEqual(offered(path, ['etcdbrctl', 'snapshot', '-o', '']), ['text', 'json']);
    assert.deepEqual(offered(path, ['etcdbrctl', 'completion', '']), ['bash', 'zsh', 'fish']);
    writeFileSync(rig.home.join('db.gz'), '');
    mkdirSync(rig.home.join('dir'));
    const files = [rig.home.join('db.gz'), rig.home.join('dir')];
    assert.deepEqual(offered(path, ['etcdbrctl', 'status', rig.home.join('d')]).toSorted(), files);
    assert.deepEqual(offered(path, ['etcdbrctl', 'status', '--temp-d']), ['--temp-dir']);
    assert.deepEqual(offered(path, ['etcdbrctl', 'list', '--store-container', rig.home.join('d')]), files.slice(1));
    assert.deepEqual(offered(path, ['etcdbrctl', 'snapshot', '--include', rig.home.join('d')]).toSorted(), files);
    assert.ok(offered(path, ['etcdbrctl', 'help', '']).includes('server'));
    assert.deepEqual(offered(path, ['etcdbrctl', 'fle']), ['fleet']);
    assert.deepEqual(offered(path, ['etcdbrctl', 'fleet', '']), ['list', 'verify', 'report']);
    assert.deepEqual(offered(path, ['etcdbrctl', 'fleet', 'list', '--prefix']), ['--prefix-glob']);
    assert.deepEqual(offered(path, ['etcdbrctl', 'fleet', 'report', '-o', 'h']), ['html']);
    assert.deepEqual(offered(path, ['etcdbrctl', 'list', '--prefix']), ['']);
  });
});

for (const { shell, check } of [
  { shell: 'bash', check: '-n' },
  { shell: 'zsh', check: '-n' },
  { shell: 'fish', check: '--no-execute' },
]) {
  describe(`the script for ${shell}`, () => {
    const missing = spawnSync(shell, ['--version']).error !== undefined;
    it('is valid', {
      skip: missing ? `${shell} is not on this machine; it runs where the Debian package ${shell} is installed` : false,
    }, async () => {
      await using rig = makeRig();
      execFileSync(shell, [check, await script(rig, shell)]);
    });

    it('names every command, flag and choice', async () => {
      await using rig = makeRig();
      const { stdout } = await rig.run(['completion', shell]);
      for (const word of ['initialize', 'store-container', 'delta-snapshot-period', 'LimitBased', 'sanity', 'debug']) {
        assert.ok(stdout.includes(word), word);
      }
    });
  });
}
