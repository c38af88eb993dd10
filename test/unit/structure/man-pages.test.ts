import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { describe, it } from 'node:test';
import { manPages, pageName } from '../../../scripts/man-pages.ts';
import { commandSummaries, everyCommand } from '../../../src/cli/commands.ts';
import { placedOptions } from '../../../src/config/command-spec.ts';

const commands = await everyCommand();

const pages = manPages({ version: '1.2.3', date: '2026-11-27' });
/** As a reader sees them, without fonts and escapes. */
const plain = (name: string): string =>
  (pages.get(name) ?? assert.fail(`no page ${name}`)).replaceAll(/\\f[BIR]/g, '').replaceAll('\\-', '-');

/** Why a test that runs the program is left out here; false where it is on this machine. */
const without = (program: string): string | false =>
  spawnSync(program, ['-V']).error !== undefined &&
  `${program} is not on this machine; it runs where the Debian package ${program} is installed`;

describe('the man pages', () => {
  it('are one for the program and one for each command', () => {
    const names = commandSummaries.map(({ name }) => `${pageName(name)}.1`);
    assert.deepEqual([...pages.keys()], ['etcdbrctl.1', ...names]);
    for (const { name, summary } of commandSummaries) {
      assert.ok(plain('etcdbrctl.1').includes(`${pageName(name)}(1)\n${summary}`), name);
    }
  });

  it('have every flag of the command with its variable', () => {
    for (const { spec } of commands) {
      const text = plain(`${pageName(spec.name)}.1`);
      for (const { spec: option } of placedOptions(spec)) {
        assert.ok(text.includes(`--${option.flag}`), `${spec.name} --${option.flag}`);
      }
      for (const { command } of spec.examples) {
        assert.ok(text.replaceAll('\\e', '\\').includes(command), command);
      }
    }
  });

  it('have no line that is taken for another request', () => {
    const requests = /^\.(?:TH|SH|SS|TP|PP|RS|RE|nf|fi|br|nh|ad)\b/;
    const odd = [...pages].flatMap(([name, text]) =>
      text
        .split('\n')
        .filter((line) => /^[.']/.test(line) && !requests.test(line))
        .map((line) => `${name}: ${line}`),
    );
    assert.deepEqual(odd, []);
  });

  it('give groff nothing to warn of', { skip: without('groff') }, () => {
    // All at once: each start costs more than its page.
    const { stderr, status } = spawnSync('groff', ['-man', '-ww', '-z', '-Tutf8'], {
      input: [...pages.values()].join(''),
    });
    assert.equal(stderr.toString(), '');
    assert.equal(status, 0);
  });

  it('give mandoc nothing to warn of', { skip: without('mandoc') }, () => {
    for (const name of ['etcdbrctl.1', 'etcdbrctl-snapshot.1', 'etcdbrctl-diff.1', 'etcdbrctl-version.1']) {
      const { stdout } = spawnSync('mandoc', ['-T', 'lint', '-W', 'warning'], { input: pages.get(name) ?? '' });
      assert.equal(stdout.toString(), '', name);
    }
  });
});
