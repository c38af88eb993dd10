import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, cpSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { after, before, describe, it } from 'node:test';
import { gunzipSync, gzipSync } from 'node:zlib';
import { ageProgram } from '../../scripts/lab/age-program.ts';
import { etcdRelease } from '../../scripts/lab/etcd-release.ts';
import { type EtcdServer, startEtcd } from '../../scripts/lab/etcd-server.ts';
import { eventually } from '../../scripts/lab/eventually.ts';
import { headerEnd } from '../../src/snapshot/encryption/age-header.ts';
import { Identities } from '../../src/snapshot/encryption/identities.ts';
import { ageKey, otherAgeKey } from '../support/fixtures/age-keys.ts';
import { type Finished, makeRig, type Rig } from './rig.ts';
import { startedServer } from './started-server.ts';

const age = await ageProgram();
const secret = /AGE-SECRET-KEY-\S+/.exec(ageKey.file)?.[0] ?? '';

/** A store with an encrypted full and an encrypted delta, made once. */
interface Encrypted {
  readonly rig: Rig;
  readonly etcd: EtcdServer;
  readonly last: number;
}

describe('encrypted backups', () => {
  let made: Encrypted;

  const names = (store = 'store'): readonly string[] => readdirSync(made.rig.home.join(store, 'v2')).sort();
  const at = (store = 'store'): readonly string[] => [
    '--storage-provider=Local',
    '--store-container',
    made.rig.home.join(store),
    '--log-format=text',
  ];
  const identity = (): string => `--identity=${made.rig.home.join('key.txt')}`;
  const run = async (...args: readonly string[]): Promise<Finished> => {
    const finished = await made.rig.run(args);
    assert.ok(!`${finished.stdout}${finished.stderr}`.includes(secret.slice(20)), 'a secret key is shown');
    return finished;
  };
  const succeeds = async (...args: readonly string[]): Promise<Finished> => {
    const finished = await run(...args);
    assert.equal(finished.exitCode, 0, finished.stderr);
    return finished;
  };
  const fails = async (pattern: RegExp, ...args: readonly string[]): Promise<void> => {
    const { exitCode, stderr } = await run(...args);
    assert.notEqual(exitCode, 0);
    assert.match(stderr, pattern);
  };

  before(async () => {
    const rig = makeRig();
    const etcd = await startEtcd({ release: await etcdRelease('3.5') });
    made = { rig, etcd, last: 0 };
    writeFileSync(rig.home.join('key.txt'), ageKey.file, { mode: 0o600 });
    writeFileSync(rig.home.join('other.txt'), otherAgeKey.file, { mode: 0o600 });
    writeFileSync(rig.home.join('recipients.txt'), `# ours\n${ageKey.recipient}\n`);
    // So much that the keys have a page of their own, and the full an index.
    await etcd.etcdctl('put', 'pad', 'x'.repeat(3_000));
    await etcd.etcdctl('put', 'a', 'first');
    const flags = [...at(), '--encrypt-to-file', rig.home.join('recipients.txt'), '--delta-snapshot-period=1s'];
    const running = rig.start(['snapshot', '-e', etcd.clientUrl, ...flags]);
    await running.saw(/Successfully saved full snapshot/);
    await eventually(async () => {
      await etcd.etcdctl('put', 'a', 'second');
      return names().find((name) => name.startsWith('Incr-'));
    });
    running.kill('SIGTERM');
    assert.equal((await running.finished).exitCode, 0);
    made = { rig, etcd, last: Math.max(...names().map((name) => Number(name.split('-')[2]))) };
  });

  after(async () => {
    await made.etcd[Symbol.asyncDispose]();
    await made.rig[Symbol.asyncDispose]();
  });

  it('have names that say so, and hold nothing of the values', () => {
    for (const name of names()) {
      assert.match(name, /^(?:Full|Incr)-\d+-\d+-\d+\.gz\.age$/);
      assert.ok(
        readFileSync(made.rig.home.join('store/v2', name)).toString('latin1').startsWith('age-encryption.org/v1\n'),
      );
    }
  });

  it('are listed, and verified by their names, without a key', async () => {
    assert.match((await succeeds('list', ...at())).stdout, /\.gz\.age/);
    assert.match((await succeeds('list', ...at(), '-o', 'json')).stdout, /"encryption": ?"age"/);
    await succeeds('verify', '--level=catalog', ...at());
    await fails(/could not be opened, and nothing else is wrong; give the secret key/, 'verify', ...at());
  });

  it('are proved restorable with a key', async () => {
    const { stdout } = await succeeds('verify', '--level=restore', identity(), ...at());
    assert.match(stdout, new RegExp(`^Restorable up to: +revision ${made.last}\\b`, 'm'));
  });

  it('are restored with the right key alone', async () => {
    const dataDir = made.rig.home.join('restored');
    const restore = ['restore', ...at(), '--data-dir', dataDir];
    await fails(/it is encrypted, and no identity was given; give the secret key/, ...restore);
    await fails(
      /the identity that was given does not open it/,
      ...restore,
      `--identity=${made.rig.home.join('other.txt')}`,
    );
    await succeeds(...restore, identity());
    assert.match((await succeeds('status', dataDir)).stdout, new RegExp(`\\b${made.last}\\b`));
  });

  it('replace no data directory without a key, and are not needed for one that is valid', async () => {
    const initialize = ['initialize', ...at(), '--data-dir'];
    const valid = made.rig.home.join('restored');
    await succeeds(...initialize, valid);
    const invalid = made.rig.home.join('invalid');
    cpSync(valid, invalid, { recursive: true });
    const db = made.rig.home.join('invalid/member/snap/db');
    writeFileSync(db, 'no database');
    await fails(/no identity was given/, ...initialize, invalid);
    assert.equal(readFileSync(db, 'utf8'), 'no database');
    assert.deepEqual(readdirSync(invalid), ['member']);
    await succeeds(...initialize, invalid, identity());
    assert.notEqual(readFileSync(db, 'utf8'), 'no database');
  });

  it('are looked into, as a store and as a file', async () => {
    assert.match((await succeeds('get', ...at(), identity(), 'a')).stdout, /second/);
    const [full = ''] = names();
    const file = made.rig.home.join('store/v2', full);
    assert.match((await succeeds('get', '--file', file, identity(), 'a')).stdout, /first/);
    assert.match((await succeeds('status', file, identity())).stdout, /compression gzip/);
    const status = await succeeds('status', file, identity(), '-o', 'json');
    assert.match(status.stdout, /"clusterId":"[0-9a-f]+"/, 'the index in it says whose it is');
    await fails(/no identity was given/, 'status', file);
    const absent = await succeeds('ls', ...at(), identity(), '/absent/');
    assert.match(absent.stderr, new RegExp(`Reading 0 of the \\d+ bytes of ${full}, by its index`));
    assert.match(absent.stderr, /Deltas that may hold what is wanted: 0 of \d+/);
    await fails(/no identity was given/, 'ls', ...at(), '/absent/');
  });

  it('are read by every command that looks into contents, with the key alone', async () => {
    const last = String(made.last);
    const commands: readonly (readonly [shown: RegExp, ...args: readonly string[]])[] = [
      [/ a$/m, 'ls'],
      [/\b2\b/, 'history', 'a'],
      [/\ba\b/, 'diff', '2', last],
      [/"value":"second"/, 'export', 'a'],
      [/./, 'undelete', '-e', made.etcd.clientUrl, '--before-revision', last, 'a'],
    ];
    for (const [shown, name = '', ...args] of commands) {
      assert.match((await succeeds(name, ...at(), identity(), ...args)).stdout, shown, name);
      await fails(/no identity was given/, name, ...at(), ...args);
    }
  });

  it('are deleted by the rules without a key, never the newest chain', async () => {
    cpSync(made.rig.home.join('store'), made.rig.home.join('pruned'), { recursive: true });
    const older = names('pruned').find((name) => name.startsWith('Full-')) ?? '';
    const oldest = older.replace(/-\d{8}-\d+\.gz/, '-00000001-1600000000.gz');
    cpSync(made.rig.home.join('store/v2', older), made.rig.home.join('pruned/v2', oldest));
    const policy = ['--garbage-collection-policy=LimitBased', '--max-backups=1'];
    const { stderr } = await succeeds('prune', '--yes', ...at('pruned'), ...policy);
    assert.match(
      stderr,
      /WARN.*Full-\S+, for which others may be deleted, .*was not opened.*; with --identity it is read to its end/,
    );
    assert.deepEqual(names('pruned'), names());
  });

  it('are copied as they are without a key, and to other keys with one', async () => {
    const from = ['--source-storage-provider=Local', '--source-store-container', made.rig.home.join('store')];
    await succeeds('copy', ...from, ...at('copied'));
    for (const name of names()) {
      const [source, copy] = ['store', 'copied'].map((store) => readFileSync(made.rig.home.join(store, 'v2', name)));
      assert.ok(source?.equals(copy ?? Buffer.alloc(0)));
    }
    await fails(/no identity was given/, 'copy', ...from, ...at('rotated'), `--encrypt-to=${otherAgeKey.recipient}`);
    const rotate = ['copy', ...from, ...at('rotated'), identity(), `--encrypt-to=${otherAgeKey.recipient}`];
    assert.match((await succeeds(...rotate)).stdout, new RegExp(`^Copied: +${names().length} objects`, 'm'));
    assert.match((await succeeds(...rotate)).stdout, /^Copied: +0 objects/m);
    await succeeds('verify', ...at('rotated'), `--identity=${made.rig.home.join('other.txt')}`);
    await fails(/could not be opened/, 'verify', ...at('rotated'), identity());
  });

  it('are compacted to nothing that is open to everyone', async () => {
    cpSync(made.rig.home.join('store'), made.rig.home.join('compacted'), { recursive: true });
    const compact = [
      'compact',
      ...at('compacted'),
      identity(),
      '--restoration-temp-snapshots-dir',
      made.rig.home.join('temp'),
    ];
    await fails(/nothing says whom the compacted snapshot is to be encrypted to/, ...compact);
    await succeeds(...compact, `--encrypt-to=${ageKey.recipient}`);
    const full = names('compacted').filter((name) => name.startsWith('Full-'));
    assert.equal(full.length, 2);
    assert.ok(full.every((name) => name.endsWith('.gz.age')));
    const absent = await succeeds('ls', ...at('compacted'), identity(), '/absent/');
    assert.match(absent.stderr, /Reading 0 of the \d+ bytes of Full-\S+\.gz\.age, by its index/);
  });

  it('are followed by a full of a writer that cannot read them, and stay', async () => {
    const flags = ['snapshot', '-e', made.etcd.clientUrl, '--once', `--encrypt-to=${ageKey.recipient}`];
    cpSync(made.rig.home.join('store'), made.rig.home.join('blind'), { recursive: true });
    const before = names('blind');
    const { stderr } = await succeeds(...flags, ...at('blind'));
    assert.match(stderr, /cannot be compared with the cluster: .*no identity was given/);
    assert.equal(names('blind').length, before.length + 1);
    assert.deepEqual(
      names('blind').filter((name) => before.includes(name)),
      before,
    );
  });

  it('are nothing that a server without an identity proves, which it says at once and does not call damage', async () => {
    // The first verification may come before the first full of the server: a store without one would be called damaged.
    cpSync(made.rig.home.join('store'), made.rig.home.join('served'), { recursive: true });
    const server = await startedServer(made.rig, {
      flags: [
        `--endpoints=${made.etcd.clientUrl}`,
        '--reelection-period=1100ms',
        `--encrypt-to=${ageKey.recipient}`,
        '--verification-schedule=@every 1s',
        ...at('served'),
      ],
    });
    const status = async () => JSON.parse((await server.get('/backup/status')).body);
    const series = async (name: string): Promise<number> =>
      Number(new RegExp(`^etcdbr_${name} (.*)$`, 'm').exec((await server.get('/metrics')).body)?.[1]);
    assert.match(
      (await status()).unprovable,
      /it is encrypted, and no --identity is given; give --identity .* or --verif/,
    );
    assert.equal(await series('verification_unopened'), 1);
    const known = await eventually(
      async () => {
        const { proof, lastErrors } = await status();
        return lastErrors.some(({ code }: { code: string }) => code === 'no_identity') ? proof : undefined;
      },
      // It runs at the lowest priority, on one core that others may use.
      { timeoutMs: 300_000, describe: () => server.running.stderr() },
    );
    assert.deepEqual([known.outcome, known.provableRevision], ['not found out', null]);
    assert.match(
      (await status()).unprovable,
      /\d+ objects? of it could not be opened, and nothing else is wrong; give --ident/,
    );
    assert.deepEqual([await series('verification_unopened'), await series('last_verification_timestamp')], [1, 0]);
    const said = await server.stop();
    assert.equal(said.match(/no --identity is given: this process cannot read it/g)?.length, 1);
    assert.match(said, /was not found out: cannot verify the newest backup: \d+ objects? of it could not be opened/);
    assert.doesNotMatch(said, /The backup is damaged/);
  });

  it('are opened with an identity that comes through a pipe by what reads it once, and a server says why it takes none', async () => {
    const pipe = made.rig.home.join('read-once');
    execFileSync('mkfifo', [pipe]);
    const reading = run('verify', `--identity=${pipe}`, ...at());
    await writeFile(pipe, ageKey.file);
    assert.equal((await reading).exitCode, 0, (await reading).stderr);
    const refused = await run('server', `--endpoints=${made.etcd.clientUrl}`, `--identity=${pipe}`, ...at());
    assert.equal(refused.exitCode, 2, refused.stderr);
    assert.match(
      refused.stderr,
      /cannot use --identity \S+: it is a pipe or a device: a server reads it again and again, .*regular file;/,
    );
  });

  it('are damaged where a bit is another one, with a message that says so', async () => {
    cpSync(made.rig.home.join('store'), made.rig.home.join('flipped'), { recursive: true });
    const [full = ''] = names('flipped');
    const file = made.rig.home.join('flipped/v2', full);
    const bytes = readFileSync(file);
    bytes.writeUInt8(bytes.readUInt8(bytes.length - 30) ^ 1, bytes.length - 30);
    writeFileSync(file, bytes);
    await fails(
      /changed after it was written/,
      'restore',
      ...at('flipped'),
      identity(),
      '--data-dir',
      made.rig.home.join('never'),
    );
  });

  it('are encrypted to the recipients that a file holds when an object begins', async () => {
    const { rig, etcd } = made;
    const keys = rig.home.join('new-recipients.txt');
    writeFileSync(keys, `${ageKey.recipient}\n`);
    const flags = [...at('new-recipients'), '--encrypt-to-file', keys, '--delta-snapshot-period=1s'];
    const running = rig.start(['snapshot', '-e', etcd.clientUrl, ...flags]);
    // The store has its directory from the first full on, which may end after the watch has begun.
    await running.saw(/Successfully saved full snapshot/);
    const deltas = (): readonly string[] => names('new-recipients').filter((name) => name.startsWith('Incr-'));
    const opens = async (name: string | undefined, { file }: { readonly file: string }): Promise<boolean> => {
      const bytes = readFileSync(rig.home.join('new-recipients/v2', name ?? ''));
      const identities = await Identities.parse([file]);
      return await identities.fileKey(bytes.subarray(0, headerEnd(bytes))).then(
        () => true,
        () => false,
      );
    };
    const first = await eventually(async () => {
      await etcd.etcdctl('put', 'a', 'before');
      return deltas()[0];
    });
    // What cannot be used, as in the middle of a change, takes nothing away.
    writeFileSync(keys, 'age1');
    await eventually(async () => {
      await etcd.etcdctl('put', 'a', 'meanwhile');
      return (
        /stay those that were read before: cannot use --encrypt-to-file .*line 1/.test(running.stderr()) || undefined
      );
    });
    const second = await eventually(() => (deltas().length > 1 ? deltas().at(-1) : undefined));
    writeFileSync(rig.home.join('next.txt'), `${otherAgeKey.recipient}\n`);
    renameSync(rig.home.join('next.txt'), keys);
    await eventually(async () => {
      await etcd.etcdctl('put', 'a', 'after');
      return (await opens(deltas().at(-1), otherAgeKey)) || undefined;
    });
    assert.match(running.stderr(), /The recipients in .*new-recipients\.txt have changed and were read again/);
    assert.deepEqual(
      [await opens(first, ageKey), await opens(second, ageKey), await opens(deltas().at(-1), ageKey)],
      [true, true, false],
    );
    running.kill('SIGTERM');
    assert.equal((await running.finished).exitCode, 0);
  });

  it('come with companions that are encrypted, too', async () => {
    writeFileSync(made.rig.home.join('tls.key'), 'the key of the API server');
    const once = ['snapshot', '--once', '-e', made.etcd.clientUrl, `--encrypt-to=${ageKey.recipient}`];
    await succeeds(...once, ...at('companions'), '--include', made.rig.home.join('tls.key'));
    assert.ok(names('companions').some((name) => /^Companion-\d+-\d+\.tar\.gz\.age$/.test(name)));
    const restore = ['restore', ...at('companions'), '--data-dir', made.rig.home.join('with-files')];
    await succeeds(...restore, identity(), '--companions', made.rig.home.join('files'));
    const found = readdirSync(made.rig.home.join('files'), { recursive: true, withFileTypes: true });
    assert.ok(found.some((entry) => entry.name === 'tls.key'));
    await fails(/Companion-.*: it is encrypted, and no identity was given/, ...restore, '--companions', 'never');
  });

  it('have companions of which the oldest go, encrypted or not, and that change keys with the rest', async () => {
    const key = made.rig.home.join('pki.key');
    for (const [round, to] of [[], [ageKey.recipient], [ageKey.recipient]].entries()) {
      await made.etcd.etcdctl('put', 'round', String(round));
      writeFileSync(key, `the key of round ${round}`);
      const keep = ['--include', key, '--companion-max', '2', ...to.map((each) => `--encrypt-to=${each}`)];
      await succeeds(
        'snapshot',
        '--once',
        '-e',
        made.etcd.clientUrl,
        ...at('rounds'),
        ...keep,
        ...(round > 0 ? [identity()] : []),
      );
    }
    const companions = names('rounds').filter((name) => name.startsWith('Companion-'));
    assert.equal(companions.length, 2);
    assert.ok(companions.every((name) => name.endsWith('.tar.gz.age')));
    const from = ['--source-storage-provider=Local', '--source-store-container', made.rig.home.join('rounds')];
    const changed = [...at('other-rounds'), `--encrypt-to=${otherAgeKey.recipient}`];
    await fails(/no identity was given/, 'copy', ...from, ...changed);
    await succeeds('copy', ...from, ...changed, identity());
    const other = `--identity=${made.rig.home.join('other.txt')}`;
    assert.match((await succeeds('verify', ...at('other-rounds'), other)).stdout, /^Companions: +2 archives$/m);
    const restore = ['restore', ...at('other-rounds'), '--data-dir', made.rig.home.join('other-data')];
    await fails(/cannot read (?:Full|Companion)-.*does not open it/, ...restore, identity(), '--companions', 'never');
    await succeeds(...restore, other, '--companions', made.rig.home.join('other-files'));
    const file = made.rig.home.join('other-files', key);
    assert.equal(readFileSync(file, 'utf8'), 'the key of round 2');
  });

  it('want keys that are keys, and warn of a file that others can read', async () => {
    await fails(/--encrypt-to: it is a secret key/, 'snapshot', '--once', ...at(), `--encrypt-to=${secret}`);
    await fails(/--identity: it is a key itself/, 'verify', ...at(), `--identity=${secret}`);
    await fails(/line 2: it is a recipient/, 'verify', ...at(), `--identity=${made.rig.home.join('recipients.txt')}`);
    execFileSync('mkfifo', [made.rig.home.join('pipe')]);
    await fails(
      /pipe: it is a pipe, and nothing came through it for 10 s/,
      'verify',
      ...at(),
      `--identity=${made.rig.home.join('pipe')}`,
    );
    writeFileSync(made.rig.home.join('open.txt'), ageKey.file);
    chmodSync(made.rig.home.join('open.txt'), 0o644);
    const { stderr } = await succeeds('verify', ...at(), `--identity=${made.rig.home.join('open.txt')}`);
    assert.match(stderr, /WARN.*Others can read .*open\.txt, which holds a secret key: its mode is 0644/);
  });

  it('are opened by age itself, and what it encrypts is restored', {
    skip: age === undefined ? 'age cannot be had' : false,
  }, async () => {
    const program = age ?? '';
    const [full = ''] = names();
    const key = made.rig.home.join('key.txt');
    const opened = execFileSync(program, ['-d', '-i', key, made.rig.home.join('store/v2', full)], {
      maxBuffer: 1 << 28,
    });
    const contents = gunzipSync(opened);
    assert.equal(contents.length % 512, 32);
    cpSync(made.rig.home.join('store'), made.rig.home.join('theirs'), { recursive: true });
    const target = made.rig.home.join('theirs/v2', full);
    rmSync(target);
    execFileSync(program, ['-r', ageKey.recipient, '-o', target], { input: gzipSync(contents) });
    const { stdout } = await succeeds('verify', ...at('theirs'), identity());
    assert.match(stdout, new RegExp(`^Restorable up to: +revision ${made.last}\\b`, 'm'));
  });
});
