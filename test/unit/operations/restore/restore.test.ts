import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { describe, it } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { makeTempDir, type TempDir } from '../../../../scripts/lab/temp-dir.ts';
import { buildMember, type RestoreRequest } from '../../../../src/operations/restore/restore.ts';
import { recordedContext } from '../../../support/context/run-context.ts';
import { observeFileCalls } from '../../../support/files/file-call-observer.ts';
import { restoreRequest } from '../../../support/fixtures/restore-request.ts';

describe('a log that cannot be written beside a database that takes long', { timeout: 20_000 }, () => {
  it('ends the restore at once, with its own failure', async () => {
    using dir = makeTempDir();
    const memberDir = dir.join('member');
    mkdirSync(memberDir);
    mkdirSync(dir.join('member', 'wal'));
    await assert.rejects(buildMember(slowRequest(dir), memberDir, recordedContext()), {
      code: 'EEXIST',
      path: dir.join('member', 'wal'),
    });
  });

  it('says how much has no room: what is written of the database counts', async () => {
    using dir = makeTempDir();
    const memberDir = dir.join('member');
    mkdirSync(memberDir);
    using _ = await observeFileCalls(({ name, path }) => {
      const code = name === 'statfs' ? 'EIO' : name === 'open' && path?.endsWith('.wal') ? 'ENOSPC' : undefined;
      if (code === undefined) {
        return undefined;
      }
      if (code === 'ENOSPC') {
        writeFileSync(dir.join('member', 'snap', 'db'), Buffer.alloc(5 * 1024));
      }
      throw Object.assign(new Error(code), { code, syscall: name, errno: -constants.errno[code] });
    });
    await assert.rejects(buildMember(slowRequest(dir), memberDir, recordedContext()), {
      name: 'NoSpaceLeft',
      message: 'no space is left on the volume: at least 5.0 KiB are needed',
    });
  });
});

/** Of a store that answers only when it is aborted. */
function slowRequest(dir: TempDir): RestoreRequest {
  const request = restoreRequest(dir);
  const list = ({ signal }: { readonly signal: AbortSignal }) => pause(60_000, undefined as never, { signal });
  return { ...request, store: { ...request.store, list } };
}
