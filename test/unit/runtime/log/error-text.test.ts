import assert from 'node:assert/strict';
import { constants } from 'node:os';
import { describe, it } from 'node:test';
import { gunzipSync, gzipSync } from 'node:zlib';
import { Damage } from '../../../../src/datadir/damage.ts';
import { fileFailure } from '../../../../src/fs/file-failure.ts';
import { NotAFile } from '../../../../src/fs/open-file.ts';
import { Failure } from '../../../../src/runtime/failure.ts';
import { errorText, oneLine } from '../../../../src/runtime/log/error-text.ts';
import { knownErrors } from '../../../../src/runtime/system-error.ts';
import { StoreError } from '../../../../src/snapstore/store-error.ts';
import { timeGrowth } from '../../../support/growth/time-growth.ts';

describe('an error in one line', () => {
  it('adds causes that say something new', () => {
    const refused = new Error('connect ECONNREFUSED 127.0.0.1:2379');
    const failed = new Error('cannot reach etcd', { cause: refused });
    assert.equal(errorText(failed), 'cannot reach etcd: connect ECONNREFUSED 127.0.0.1:2379');
  });

  it('leaves out what zlib says of damaged data', () => {
    for (const damaged of [Buffer.from('no gzip at all'), gzipSync('cut').subarray(0, -4)]) {
      assert.throws(
        () => gunzipSync(damaged),
        (cause) => {
          assert.equal(errorText(new Error('it is damaged', { cause })), 'it is damaged');
          return true;
        },
      );
    }
  });

  it('leaves out the words of libraries below a failure of a store, which has said it in ours', () => {
    const cause = new TypeError("Cannot read properties of undefined (reading 'segment')", {
      cause: new Error('inspect the hidden field {error}.$response'),
    });
    const parts = { action: 'list', object: 's3://b', found: 'its answer cannot be understood', cause };
    const store = new StoreError('invalid', parts);
    assert.equal(errorText(store), 'cannot list s3://b: its answer cannot be understood');
    assert.equal(
      errorText(new Error('cannot restore', { cause: store })),
      'cannot restore: cannot list s3://b: its answer cannot be understood',
    );
  });

  for (const code of knownErrors.filter((each) => each in constants.errno)) {
    it(`has our words for ${code}, alone and below a sentence of ours`, () => {
      const path = '/data/member/snap/db';
      const errno = -constants.errno[code as keyof typeof constants.errno];
      const cause = Object.assign(new Error(`${code}: words of the system, open '${path}'`), {
        code,
        syscall: 'open',
        errno,
        path,
      });
      const alone = errorText(cause);
      assert.match(alone, new RegExp(`^cannot open ${path}: .+ \\(${code}\\)(; .+)?$`));
      const failure = fileFailure(cause, { action: 'restore into', object: '/data' });
      const below = errorText(failure);
      assert.equal(below, `${failure?.message} (at ${path})`);
      for (const text of [alone, below, errorText(new Error('cannot save', { cause }))]) {
        assert.doesNotMatch(text, /words of the system|open '|E[A-Z]+: /);
      }
    });
  }

  it('says nothing of the paths that only this process has', () => {
    const path = '/proc/self/fd/28/3';
    const parts = { code: 'ENOENT', syscall: 'open', errno: -2, path };
    const cause = Object.assign(new Error(`ENOENT: no such file or directory, open '${path}'`), parts);
    assert.equal(errorText(new Error('cannot save', { cause })), 'cannot save: there is no such file or directory');
    const damage = new Damage({ file: '/proc/self/fd/24/data/member/snap/db', offset: 0, reason: 'magic 0x0' });
    const failure = new Error('cannot restore Full-1: its database is damaged at byte 0: magic 0x0', { cause: damage });
    assert.equal(errorText(failure), failure.message);
  });

  it('says nothing of the place that was given as a relative path', () => {
    const cause = Object.assign(new Error("EROFS: read-only file system, mkdir '/srv/data/new'"), {
      ...{ code: 'EROFS', errno: -30, syscall: 'mkdir', path: '/srv/data/new' },
    });
    const failure = fileFailure(cause, { action: 'restore into', object: 'data/new' });
    assert.equal(errorText(failure), 'cannot restore into data/new: the file system is read-only; mount it writable');
    const other = fileFailure(cause, { action: 'restore into', object: 'new/data' });
    assert.match(errorText(other), / \(at \/srv\/data\/new\)$/);
  });

  it('names the directory of a temporary file, not that file', () => {
    const path = '/tmp/closed/etcdbrctl-export-7720-0000004601fe3cd6f9a48357d7f704ee.tmp';
    const cause = Object.assign(new Error(`EACCES: permission denied, open '${path}'`), {
      ...{ code: 'EACCES', errno: -13, syscall: 'open', path },
    });
    const failure = fileFailure(cause, { action: 'export to', object: 'closed/x' });
    assert.equal(errorText(failure), `${failure?.message} (at /tmp/closed)`);
    const inside = Object.assign(new Error('EACCES'), { ...cause, message: cause.message, path: `${path}/db` });
    assert.match(errorText(inside), /^cannot open \/tmp\/closed: permission is denied/);
  });

  it('says nothing of the path of a cause that the text has in its own words', () => {
    const damage = new Damage({
      file: '/tmp/etcdbrctl-status-1.tmp',
      offset: 4_096,
      reason: 'a page of unknown kind 0x77',
    });
    const parts = { code: 'snapshot_corrupt', action: 'read', object: 'full.gz' } as const;
    const found = 'its database is damaged at byte 4096: a page of unknown kind 0x77';
    assert.equal(errorText(new Failure({ ...parts, found, cause: damage })), `cannot read full.gz: ${found}`);
    const named = errorText(new Error('cannot read full.gz', { cause: damage }));
    assert.equal(named, `cannot read full.gz: ${damage.message}`);
  });

  it('says once what a file is whose name is a word of that', () => {
    const cause = new NotAFile('pipe', 'a pipe');
    const failure = fileFailure(cause, { action: 'write', object: 'pipe' });
    assert.equal(errorText(failure), 'cannot write pipe: it is a pipe, not a file; give a file');
  });

  it('has of an address that is refused no more than the code', () => {
    const cause = Object.assign(new Error('listen EADDRNOTAVAIL: address not available 10.9.9.9:80'), {
      code: 'EADDRNOTAVAIL',
      syscall: 'listen',
    });
    const parts = { action: 'listen', object: 'at 10.9.9.9', found: 'this machine does not have the address' };
    const failure = new Failure({ code: 'listen_refused', ...parts, cause });
    assert.equal(
      errorText(failure),
      'cannot listen at 10.9.9.9: this machine does not have the address (EADDRNOTAVAIL)',
    );
  });

  it('does not repeat itself', () => {
    const inner = new Error('disk full');
    assert.equal(errorText(new Error('cannot save: disk full', { cause: inner })), 'cannot save: disk full');
  });

  it('leaves out of a cause what was said already, with or without quotation marks', () => {
    const inner = new Error('--name="default": --initial-cluster names only a');
    const outer = new Error('cannot restore with --name=default: --initial-cluster names only a', { cause: inner });
    assert.equal(errorText(outer), 'cannot restore with --name=default: --initial-cluster names only a');
  });

  it('is brief about what gRPC packs into its errors', () => {
    const grpc = new Error(
      '14 UNAVAILABLE: No connection established. Last error: Error: connect ECONNREFUSED 127.0.0.1:1. Resolution note: ',
    );
    assert.equal(
      errorText(new Error('cannot reach etcd: connection refused', { cause: grpc })),
      'cannot reach etcd: connection refused: 14 UNAVAILABLE: No connection established. Last error: connect ECONNREFUSED 127.0.0.1:1.',
    );
  });

  it('reads the errors of an attempt at several addresses', () => {
    const both = new AggregateError([new Error('refused 1'), new Error('refused 2'), new Error('refused 1')]);
    assert.equal(errorText(new Error('no connection', { cause: both })), 'no connection: refused 1, refused 2');
  });

  it('ends even when an error is its own cause', () => {
    const first = new Error('first');
    first.cause = new Error('second', { cause: first });
    assert.equal(errorText(first), 'first: second');
  });

  it('shows control characters and takes anything', () => {
    assert.equal(errorText(new Error('a\n  b\u001b[31m')), 'a b\\x1b[31m');
    assert.equal(errorText('text'), 'text');
    assert.equal(errorText(undefined), 'undefined');
    assert.equal(errorText(new TypeError()), 'TypeError');
  });
});

describe('texts of others', () => {
  it('are cut, and what is ours stays', () => {
    const page = `<html>${'x'.repeat(100_000)}`;
    assert.equal(errorText(new Error(page)), `${page.slice(0, 499)}…`);
    assert.equal(errorText(page).length, 500);
    const ours = new Failure({ code: 'denied', action: 'list', object: 's3://b', found: 'y'.repeat(1_500) });
    assert.equal(errorText(ours), `cannot list s3://b: ${'y'.repeat(1_500)}`);
    const theirs = new Failure({ code: 'denied', action: 'list', object: 's3://b', found: page, remedy: 'wait' });
    assert.ok(errorText(theirs).length < 2_100);
    assert.match(errorText(theirs), /…; wait$/);
  });

  it('take no longer with blanks, colons or line breaks in them', () => {
    for (const part of [' ', '\n', ' \r\n', ': a', '"', 'Resolution note: ']) {
      const text = (size: number): string => part.repeat(size);
      const growth = timeGrowth(
        (size) => {
          oneLine(text(size));
          errorText(new Error('failed', { cause: new Error(text(size)) }));
          errorText(new Error(text(size), { cause: new AggregateError([new Error(text(size))]) }));
        },
        { size: 20_000, factor: 10 },
      );
      assert.ok(growth < 40, `${JSON.stringify(part)}: ${growth}`);
    }
  });

  it('show what would turn the line around or hide in it', () => {
    assert.equal(oneLine('a\u009b2Jb\u202ec\u2066d\ufeffe\u00adf'), 'a\\x9b2Jb\\u202ec\\u2066d\\ufeffe\\xadf');
    assert.equal(oneLine('a\u2028b\u2029c\u{e0001}d\ud800e'), 'a\\u2028b\\u2029c\\u{e0001}d\\ud800e');
    assert.equal(oneLine('Größe 東京 🙂'), 'Größe 東京 🙂');
  });
});
