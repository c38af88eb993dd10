import { Failure } from '../../runtime/failure.ts';

/** A configuration of etcd that cannot be used. */
export function wrongEtcdConfig(parts: {
  readonly path: string;
  readonly found: string;
  readonly cause?: unknown;
}): Failure {
  return new Failure({
    code: 'member_config',
    action: 'use',
    object: `etcd's configuration ${parts.path}`,
    found: parts.found,
    remedy: 'correct it, or the variable ETCD_CONF',
    cause: parts.cause,
  });
}
