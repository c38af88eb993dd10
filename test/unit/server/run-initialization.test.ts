import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { makeTempDir } from '../../../scripts/lab/temp-dir.ts';
import { restore } from '../../../src/operations/restore/restore.ts';
import { Failure } from '../../../src/runtime/failure.ts';
import { type InitializationRunParts, runInitialization } from '../../../src/server/run-initialization.ts';
import type { SnapStore } from '../../../src/snapstore/snapstore.ts';
import { recordedContext } from '../../support/context/run-context.ts';
import { goldenObjects } from '../../support/fixtures/golden-store.ts';
import { restoreRequest } from '../../support/fixtures/restore-request.ts';
import { memorySnapStore } from '../../support/stores/memory-snapstore.ts';

const golden = async (): Promise<SnapStore> => memorySnapStore(goldenObjects('etcd-3.5/gzip'));

const unreadable = new Failure({
  code: 'credentials_invalid',
  action: 'read the credentials of',
  object: 'S3',
  found: 'the file is empty',
  remedy: 'write them',
});

/** Parts over a directory, and what they have told. */
function partsIn(dir: ReturnType<typeof makeTempDir>, changes: Partial<InitializationRunParts> = {}) {
  const told: string[] = [];
  const parts: InitializationRunParts = {
    request: { ...restoreRequest(dir), namespace: undefined },
    store: { location: 'golden', open: golden },
    configuredMembers: async () => 1,
    listener: {
      validated: ({ outcome }) => void told.push(`validated ${outcome}`),
      restored: ({ kind, outcome }) => void told.push(`restored ${kind} ${outcome}`),
    },
    ...changes,
  };
  return { parts, told };
}

describe('a run of an initialization', () => {
  it('restores what is absent and keeps what is valid, and tells how it went', async () => {
    using dir = makeTempDir();
    const context = recordedContext();
    const { parts, told } = partsIn(dir);
    await runInitialization(parts, 'full', context);
    assert.deepEqual(told, ['validated failed', 'restored single_node succeeded']);
    await runInitialization(parts, 'sanity', context);
    assert.deepEqual(told.slice(2), ['validated succeeded']);
    const texts = context.lines.map(({ text }) => text);
    assert.deepEqual(
      texts.filter((text) => text.startsWith('Initialization succeeded')),
      ['was restored from the backup', 'is valid'].map(
        (became) => `Initialization succeeded, etcd may start: the data directory ${became}`,
      ),
    );
  });

  it('does not depend on a store that cannot be opened where the directory is valid, and fails with its reason where not', async () => {
    using dir = makeTempDir();
    const context = recordedContext();
    const { parts, told } = partsIn(dir, { store: { location: 'S3 a', open: () => Promise.reject(unreadable) } });
    await assert.rejects(runInitialization(parts, 'full', context), unreadable);
    assert.match(context.lines.at(-1)?.text ?? '', /^Initialization failed, etcd must not start: .*write them/);
    await restore(restoreRequest(dir), context);
    await runInitialization(parts, 'full', context);
    assert.deepEqual(told, ['validated failed', 'restored single_node failed', 'validated succeeded']);
  });

  it('fails where the configuration cannot be read, with nothing touched', async () => {
    using dir = makeTempDir();
    const context = recordedContext();
    const { parts } = partsIn(dir, { configuredMembers: () => Promise.reject(unreadable) });
    await assert.rejects(runInitialization(parts, 'full', context), unreadable);
    assert.equal(context.lines.filter(({ text }) => text.startsWith('Initialization failed')).length, 1);
  });

  it('ends with the stop', async () => {
    using dir = makeTempDir();
    const controller = new AbortController();
    const context = recordedContext(controller.signal);
    const { parts } = partsIn(dir, { configuredMembers: () => new Promise(() => undefined) });
    const running = runInitialization(parts, 'full', context);
    controller.abort(new Error('stopped'));
    await assert.rejects(running, /stopped/);
    assert.match(context.lines.at(-1)?.text ?? '', /ended by the stop/);
  });
});
