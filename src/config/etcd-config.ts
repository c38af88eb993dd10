import { readFile } from 'node:fs/promises';
import { readInitialCluster } from '../datadir/membership/initial-cluster.ts';
import { reasonOf } from './file-reason.ts';
import { UsageFailure } from './usage-failure.ts';

/** More than etcd's own configuration takes, bytes. */
const mostBytes = 1024 * 1024;

/**
 * How many members etcd's own configuration file names in `initial-cluster`; 1 where it names none or is not there.
 * Throws a {@link UsageFailure} for a file that cannot be read or understood.
 */
export async function membersInEtcdConfig(path: string): Promise<number> {
  const refuse = (found: string, cause?: unknown): never => {
    const remedy = 'correct it or the variable ETCD_CONF, or give --initial-cluster';
    throw new UsageFailure({ action: 'read', object: `etcd's configuration ${path}`, found, remedy, cause });
  };
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT' ? 1 : refuse(reasonOf(error), error);
  }
  if (text.length > mostBytes) {
    return refuse(`it is longer than ${mostBytes} bytes`);
  }
  const { parse } = await import('./yaml-text.ts');
  const parsed = parse(text) ?? refuse('it is no YAML');
  const written: unknown =
    typeof parsed === 'object' && parsed !== null ? Reflect.get(parsed, 'initial-cluster') : undefined;
  if (written === undefined || written === null || written === '') {
    return 1;
  }
  const reading = readInitialCluster(String(written));
  return 'wrong' in reading ? refuse(`initial-cluster: ${reading.wrong}`) : reading.value.size;
}
