import { isErrno } from '../../fs/errno.ts';
import { fileFailure } from '../../fs/file-failure.ts';
import { openFile } from '../../fs/open-file.ts';
import { limits } from '../../runtime/limits.ts';
import type { EtcdConfig } from './etcd-config.ts';
import { wrongEtcdConfig } from './wrong-etcd-config.ts';

/** Bytes. */
const usual = 16 * 1024;

/**
 * Reads etcd's own configuration file; undefined when there is none. Throws a Failure `member_config` for one that cannot be
 * understood, and others when it cannot be read.
 */
export async function readEtcdConfig(path: string): Promise<EtcdConfig | undefined> {
  const text = await readText(path);
  if (text === undefined) {
    return undefined;
  }
  // Mostly a one-shot command finds no such file, and has no need of a parser.
  const { parseEtcdConfig } = await import('./parse-etcd-config.ts');
  return parseEtcdConfig(path, text);
}

async function readText(path: string): Promise<string | undefined> {
  const most = limits.etcdConfig.most;
  try {
    await using handle = await openFile(path);
    // Nearly all are much smaller than the bound.
    const first = await handle.read(Buffer.allocUnsafe(usual), 0, usual, 0);
    const { buffer, bytesRead } =
      first.bytesRead < usual ? first : await handle.read(Buffer.allocUnsafe(most + 1), 0, most + 1, 0);
    if (bytesRead > most) {
      throw wrongEtcdConfig({ path, found: `it is longer than ${most} bytes` });
    }
    return buffer.toString('utf8', 0, bytesRead);
  } catch (error) {
    if (isErrno(error, 'ENOENT')) {
      return undefined;
    }
    throw fileFailure(error, { action: 'read', object: `etcd's configuration ${path}` }) ?? error;
  }
}
