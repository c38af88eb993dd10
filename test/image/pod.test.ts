import assert from 'node:assert/strict';
import { chmodSync, chownSync, mkdirSync, readFileSync } from 'node:fs';
import { arch, env } from 'node:process';
import { describe, it } from 'node:test';
import { makeTempDir } from '../../scripts/lab/temp-dir.ts';
import { goldenStorePath } from '../support/fixtures/golden-store.ts';
import { type ContainerOptions, runContainer } from './container.ts';

const GROUP = 65_532;
const place = ['--storage-provider=Local', '--store-container=/backup', '--store-prefix=etcd-main'];

/** Runs commands in turn as the pods of example/kubernetes do: on a read-only root with volumes that everybody may write to. */
function inPod(volumes: readonly string[], commands: readonly (readonly string[])[]): readonly string[] {
  using dir = makeTempDir();
  chmodSync(dir.path, 0o755);
  const mounts = volumes.map((path) => {
    // As the kubelet makes an emptyDir for a pod with an fsGroup.
    const volume = dir.join(path.slice(1));
    mkdirSync(volume);
    chownSync(volume, 0, GROUP);
    chmodSync(volume, 0o2777);
    return [path, volume] as const;
  });
  const options: ContainerOptions = {
    volumes: { '/backup': goldenStorePath('etcd-3.5/gzip'), ...Object.fromEntries(mounts) },
  };
  return commands.map((args) => {
    const { status, stdout, stderr } = runContainer([...args, ...place], options);
    return `${status} ${stdout}${stderr}`;
  });
}

// By default it is next to where the program was started.
const restoration = '--restoration-temp-snapshots-dir=/data/temp';
const initialize = ['initialize', '--data-dir=/data/etcd', '--log-level=debug', restoration];

/** Where the image is of another processor, an emulator executes what the kernel would refuse. */
function unableToRefuse(): string | false {
  const { architecture } = (JSON.parse(readFileSync(env['IMAGE_FACTS'] ?? '', 'utf8')) as Facts).OCIv1;
  return architecture === arch.replace('x64', 'amd64')
    ? false
    : 'an emulator executes files where nothing may be executed';
}

interface Facts {
  readonly OCIv1: { readonly architecture: string };
}

describe('in a pod with a read-only root', () => {
  it('verifies and restores with a volume at /tmp alone besides that of the data', () => {
    const [verified = '', restored = ''] = inPod(
      ['/tmp', '/data'],
      [
        ['verify', '--level=restore'],
        ['restore', '--data-dir=/data/etcd', restoration],
      ],
    );
    assert.match(verified, /^0 /);
    assert.match(restored, /^0 /);
  });

  it('takes the lock of etcd, with the native module that it loads from /tmp', () => {
    const [, initialized = ''] = inPod(['/tmp', '/data'], [initialize, initialize]);
    assert.match(initialized, /^0 /);
    assert.doesNotMatch(initialized, /No lock could be taken/);
  });

  it('says that it took none where no module can be loaded, and goes on', { skip: unableToRefuse() }, () => {
    const [, initialized = ''] = inPod(['/data'], [initialize, initialize]);
    assert.match(initialized, /^0 /);
    assert.match(initialized, /No lock could be taken/);
  });
});
