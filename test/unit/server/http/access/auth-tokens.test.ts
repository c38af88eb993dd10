import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { makeTempDir } from '../../../../../scripts/lab/temp-dir.ts';
import { errorText } from '../../../../../src/runtime/log/error-text.ts';
import { AuthTokens } from '../../../../../src/server/http/access/auth-tokens.ts';
import { FakeClock } from '../../../../support/clock/fake-clock.ts';
import { RecordedLog } from '../../../../support/context/recorded-log.ts';

const [first, second, third] = ['a'.repeat(32), 'b'.repeat(40), 'c'.repeat(16)] as const;
const basic = (name: string, token: string): string => `Basic ${Buffer.from(`${name}:${token}`).toString('base64')}`;

/** Tokens of a file with mode 0600, and what was logged of it. */
async function opened(text: string) {
  const dir = makeTempDir();
  const path = dir.join('tokens');
  writeFileSync(path, text, { mode: 0o600 });
  const clock = new FakeClock();
  const log = new RecordedLog();
  const tokens = await AuthTokens.open(path, { clock, log });
  /** Puts another file in place of the first, as the rotation of a Kubernetes secret does. */
  const replace = (other: string): void => {
    writeFileSync(`${path}.new`, other, { mode: 0o600 });
    renameSync(`${path}.new`, path);
  };
  return { tokens, path, clock, log, replace, [Symbol.dispose]: () => dir[Symbol.dispose]() };
}

describe('tokens of the server', () => {
  it('are not read from a device, which would never end', async () => {
    const opening = AuthTokens.open('/dev/zero', { clock: new FakeClock(), log: new RecordedLog() });
    await assert.rejects(opening, (error) =>
      /\/dev\/zero \(--auth-token-file\).*: it is a device: a server reads it again .* takes a regular file/.test(
        errorText(error),
      ),
    );
  });

  it('are accepted as Bearer and as a password, whatever the name', async () => {
    using rig = await opened(`${first}\n`);
    for (const shown of [`Bearer ${first}`, `bearer  ${first}`, basic('', first), basic('prometheus', first)]) {
      assert.equal(await rig.tokens.accepts(shown), true, shown);
    }
    for (const shown of [
      undefined,
      '',
      'Bearer',
      'Bearer ',
      first,
      `Bearer ${second}`,
      `Bearer ${first}x`,
      `Bearer ${first.slice(1)}`,
      `Digest ${first}`,
      basic(first, ''),
      basic('x', `${first} `),
      `Basic ${Buffer.from(first).toString('base64')}`,
      'Basic ====',
    ]) {
      assert.equal(await rig.tokens.accepts(shown), false, shown);
    }
  });

  it('are all accepted, one a line, and the first is shown to others', async () => {
    using rig = await opened(`\n ${second} \r\n${first}\n\n${third}`);
    for (const token of [first, second, third]) {
      assert.equal(await rig.tokens.accepts(`Bearer ${token}`), true);
    }
    assert.equal(await rig.tokens.own(), second);
  });

  it('are read again when the file has changed', async () => {
    using rig = await opened(first);
    rig.replace(`${second}\n`);
    await rig.clock.advance(1_000);
    assert.deepEqual(
      [
        await rig.tokens.accepts(`Bearer ${first}`),
        await rig.tokens.accepts(`Bearer ${second}`),
        await rig.tokens.own(),
      ],
      [false, true, second],
    );
    assert.deepEqual(rig.log.texts, [`The tokens in ${rig.path} have changed and were read again`]);
  });

  it('go on when the file is gone or empty, with one warning, until it is whole again', async () => {
    using rig = await opened(first);
    for (const spoil of [() => rmSync(rig.path), () => rig.replace('\n')]) {
      spoil();
      for (let times = 0; times < 2; times++) {
        await rig.clock.advance(1_000);
        assert.equal(await rig.tokens.accepts(`Bearer ${first}`), true);
      }
    }
    assert.deepEqual(
      rig.log.texts.map((text) => text.replaceAll(rig.path, 'FILE').replace(/;.*/, '')),
      ['there is no such file or directory', 'it is empty'].map(
        (found) =>
          `Going on with the tokens that were read before: cannot protect the server with FILE (--auth-token-file): ${found}`,
      ),
    );
    rig.replace(second);
    await rig.clock.advance(1_000);
    assert.equal(await rig.tokens.accepts(`Bearer ${first}`), false);
    assert.equal(await rig.tokens.accepts(`Bearer ${second}`), true);
  });

  it('cost one look at the file for all that ask within a second', async () => {
    using rig = await opened(first);
    rig.replace(second);
    assert.equal(await rig.tokens.accepts(`Bearer ${first}`), true);
  });

  for (const [mode, said] of [
    [0o600, undefined],
    [0o440, undefined],
    [0o644, /Others can read the tokens in .*, whose mode is 0644: make it 0600, or .* defaultMode 0440/],
    [0o620, /Others can change the tokens/],
    [0o666, /Others can read and change the tokens/],
  ] as const) {
    it(`are ${said === undefined ? 'not ' : ''}warned about with the mode ${mode.toString(8)}`, async () => {
      using dir = makeTempDir();
      const path = dir.join('tokens');
      writeFileSync(path, first);
      chmodSync(path, mode);
      const log = new RecordedLog();
      await AuthTokens.open(path, { clock: new FakeClock(), log });
      assert.equal(log.count(said ?? /./), said === undefined ? 0 : 1, log.texts.join('\n'));
    });
  }

  it('are refused at the start in one sentence that shows nothing of them', async () => {
    using dir = makeTempDir();
    mkdirSync(dir.join('directory'));
    writeFileSync(dir.join('empty'), '\n\n');
    writeFileSync(dir.join('short'), `${first}\nhunter2-hunter2\n`);
    writeFileSync(dir.join('blanks'), 'correct horse battery staple\n');
    writeFileSync(dir.join('large'), 'x'.repeat(70_000));
    for (const [name, found] of [
      ['nothing', 'there is no such file or directory'],
      ['directory', 'it is a directory, not a file'],
      ['empty', 'it is empty'],
      ['short', 'token 2 is shorter than 16 characters'],
      ['blanks', 'token 1 has blanks, or signs that are not ASCII'],
      ['large', 'it is too large to hold tokens'],
    ] as const) {
      const path = dir.join(name);
      const error: unknown = await AuthTokens.open(path, { clock: new FakeClock(), log: new RecordedLog() }).catch(
        (reason) => reason,
      );
      assert.equal(
        errorText(error),
        `cannot protect the server with ${path} (--auth-token-file): ${found}; give a file with a random token of at ` +
          'least 16 characters, as `openssl rand -hex 32` prints',
      );
    }
  });
});
