import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { projectRoot } from '../../../scripts/lab/project-root.ts';
import { limitsDocument } from '../../../scripts/limits-document.ts';
import type { limits } from '../../../src/runtime/limits.ts';

/** For each limit, a test that fails without it: its file, and words of its title. */
const tests: Readonly<Record<keyof typeof limits, readonly [file: string, title: string]>> = {
  answerMessage: ['test/integration/etcd/snapshot.test.ts', 'an answer larger than any etcd gives is refused'],
  snapshotMessage: ['test/integration/etcd/snapshot.test.ts', 'a message larger than any etcd sends is refused'],
  watchMessage: ['test/integration/etcd/watch.test.ts', 'a message larger than any etcd sends ends the watch'],
  connectionMemory: ['test/integration/etcd/endless-answers.test.ts', 'break off the connection before they fill'],
  transaction: ['test/unit/etcd/watch/transaction-joiner.test.ts', 'a revision that never ends is refused'],
  snapshotSurplus: ['test/unit/etcd/snapshot/snapshot-stream.test.ts', 'a stream that goes on after its hash'],
  deltaEvent: ['test/unit/snapshot/delta/delta-tokenizer.test.ts', 'is refused when it is too long'],
  deltaNesting: ['test/unit/snapshot/delta/delta-decoder.test.ts', 'deeper than 64'],
  tinyFrames: ['test/integration/snapshot/compression/unzstd-frames.test.ts', 'frames of almost nothing in a row'],
  companionArchive: ['test/unit/operations/companion/unpack.test.ts', 'more bytes than it may'],
  companionEntries: ['test/unit/operations/companion/unpack.test.ts', 'more entries than it may'],
  zstdWindow: ['test/integration/snapshot/compression/unzstd-frames.test.ts', 'a window that takes too much memory'],
  indexedMember: ['test/unit/snapshot/key-index/member-table.test.ts', 'larger than may be held in memory'],
  ageHeader: ['test/integration/snapshot/encryption/decrypt.test.ts', 'have headers that end'],
  historyMarker: ['test/unit/snapshot/history/history-marker.test.ts', 'MARKER_SIZE_LIMIT + 1'],
  storeAnswer: [
    'test/integration/snapstore/s3/s3-answers.test.ts',
    'that is longer than any can be is not read to its end',
  ],
  storeRefusal: ['test/integration/snapstore/foreign-words.test.ts', 'a refusal that does not end is not read'],
  informationalAnswers: ['test/integration/snapstore/endless-answers.test.ts', 'informational answers that do not end'],
  tokenAnswer: ['test/integration/snapstore/foreign-words.test.ts', 'a login that does not end is not read'],
  fleetPrefixes: ['test/unit/operations/fleet/list-fleet.test.ts', 'more prefixes than can be held'],
  listedObjects: ['test/unit/snapstore/backups/list-once.test.ts', 'a listing that goes on for ever is an error'],
  fleetObjects: ['test/unit/snapstore/fleet/prefix-groups.test.ts', 'of a prefix with too many objects'],
  fleetDepth: ['test/unit/snapstore/fleet/walk-folders.test.ts', 'folders without end'],
  fleetResults: ['test/integration/operations/fleet/verify-fleet.test.ts', 'so many results are read, the newest'],
  fleetResult: ['test/integration/operations/fleet/verify-fleet.test.ts', 'so many results are read, the newest'],
  exportLine: ['test/unit/operations/export/export-file.test.ts', 'a line that never ends'],
  apiServerBody: ['test/unit/kube/leases.test.ts', 'a body that never ends'],
  requestHead: ['test/integration/server/limits.test.ts', 'headers that are too long'],
  requestHeadTime: ['test/integration/server/limits.test.ts', 'headers that do not end'],
  requestBody: ['test/integration/server/limits.test.ts', 'a body that is too long'],
  requestTime: ['test/integration/server/limits.test.ts', 'a body that does not end'],
  answerTime: ['test/integration/server/limits.test.ts', 'does not take its answer'],
  unsentAnswers: ['test/integration/server/limits.test.ts', 'while others do not take theirs'],
  idleTime: ['test/integration/server/limits.test.ts', 'asks for nothing more'],
  connections: ['test/integration/server/limits.test.ts', 'more connections than there may be'],
  requestsAtOnce: ['test/integration/server/limits.test.ts', 'more requests at once than there may be'],
  resetStreams: ['test/integration/server/gone-clients.test.ts', 'more than may be end their session'],
  viewers: ['test/integration/server/dashboard.test.ts', 'go to a few at the same time'],
  profileTime: ['test/integration/server/profiling.test.ts', 'longer than a profile may be'],
  etcdConfig: ['test/unit/server/etcd-config/read-etcd-config.test.ts', 'a file that is too long'],
  certificateFile: ['test/unit/runtime/certificate-files.test.ts', 'a file that is longer than all authorities'],
  certificateDirectory: [
    'test/unit/runtime/certificate-files.test.ts',
    'a directory that holds more than all authorities',
  ],
  foreignText: ['test/unit/runtime/log/error-text.test.ts', 'are cut, and what is ours stays'],
  message: ['test/unit/runtime/log/error-text.test.ts', 'are cut, and what is ours stays'],
};

describe('the limits', () => {
  it('are those of docs/limits.md', () => {
    const written = readFileSync(join(projectRoot, 'docs/limits.md'), 'utf8');
    assert.equal(written, limitsDocument(), 'run node scripts/write-documents.ts');
  });

  for (const [limit, [file, title]] of Object.entries(tests)) {
    it(`have a test: ${limit}`, () => {
      assert.ok(readFileSync(join(projectRoot, file), 'utf8').includes(title), `${file}: ${title}`);
    });
  }
});
