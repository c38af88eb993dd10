import type { ServerInvocation } from './server-invocation.ts';

/**
 * PEM file of the authorities that may have signed the certificates of the sidecars of a cluster: their own where one is given, as they
 * need not be those of etcd. Undefined: those that Node trusts.
 */
export function sidecarAuthorities(
  config: Pick<ServerInvocation['config'], 'server' | 'connection'>,
): string | undefined {
  return config.server.caFile ?? config.connection.caFile;
}
