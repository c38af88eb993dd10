import { parseDocument } from 'yaml';
import { isErrno } from '../../fs/errno.ts';
import { fileFailure } from '../../fs/file-failure.ts';
import { openFile } from '../../fs/open-file.ts';
import { limits } from '../../runtime/limits.ts';
import { EtcdConfig, wrongEtcdConfig } from './etcd-config.ts';

/**
 * Reads etcd's own configuration file; undefined when there is none. Throws a Failure `member_config` for one that cannot be
 * understood, and others when it cannot be read.
 */
export async function readEtcdConfig(path: string): Promise<EtcdConfig | undefined> {
  const text = await readText(path);
  if (text === undefined) {
    return undefined;
  }
  // Numbers may be larger than a JavaScript number holds exactly.
  const document = parseDocument(text, { intAsBigInt: true, merge: true, prettyErrors: false });
  const [error] = document.errors;
  if (error !== undefined) {
    throw wrongEtcdConfig({ path, found: `it is no YAML (${error.code} at character ${error.pos[0]})` });
  }
  try {
    document.toJS({ maxAliasCount: 100 });
  } catch (cause) {
    throw wrongEtcdConfig({ path, found: 'its aliases lead nowhere, or are too many', cause });
  }
  return new EtcdConfig(path, document);
}

async function readText(path: string): Promise<string | undefined> {
  const most = limits.etcdConfig.most;
  try {
    await using handle = await openFile(path);
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(most + 1), 0, most + 1, 0);
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
