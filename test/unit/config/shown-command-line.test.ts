import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { serverCommand } from '../../../src/cli/server.ts';
import { placedOptions } from '../../../src/config/command-spec.ts';
import { shownCommandLine } from '../../../src/config/shown-command-line.ts';

describe('the command line that anybody may see', () => {
  it('shows no password, and no user of a URL', () => {
    const flags = new Map([
      ['etcd-username', ['root']],
      ['etcd-password', ['hunter2', '--hunter3']],
      ['endpoints', ['https://name:hunter4@etcd-0:2379', 'https://etcd-1:2379']],
      ['storage-provider', ['S3']],
      ['encrypt-to', ['age1public', 'AGE-SECRET-KEY-1HUNTER5', 'age-secret-key-pq-1hunter6']],
    ]);
    assert.deepEqual(shownCommandLine(serverCommand.spec, flags), [
      'etcdbrctl',
      'server',
      '--etcd-username=root',
      '--etcd-password=***',
      '--etcd-password=***',
      '--endpoints=https://***@etcd-0:2379',
      '--endpoints=https://etcd-1:2379',
      '--storage-provider=S3',
      '--encrypt-to=age1public',
      '--encrypt-to=***',
      '--encrypt-to=***',
    ]);
  });

  it('hides every option that is a secret', () => {
    const secrets = placedOptions(serverCommand.spec).filter(({ spec }) => spec.secret === true);
    assert.ok(secrets.length > 0);
    for (const { spec } of secrets) {
      assert.ok(
        !shownCommandLine(serverCommand.spec, new Map([[spec.flag, ['hunter2']]]))
          .join()
          .includes('hunter2'),
      );
    }
  });
});
