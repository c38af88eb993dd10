import { isIP } from 'node:net';

/** Where the sidecar of the leader listens. */
export interface LeaderAddress {
  /** A name or an IP address, without brackets. */
  readonly host: string;
  readonly port: number;
}

/**
 * The sidecar next to the member with this client URL: its host, our own port. Undefined for a URL without a port and for what
 * is no http or https URL, as a Unix socket.
 */
export function leaderAddress(clientUrl: string, port: number): LeaderAddress | undefined {
  const host = /^https?:\/\/(\[[^\]/]+\]|[^/?#@:[\]]+):\d+\/?$/i.exec(clientUrl)?.[1];
  const plain = host?.replace(/^\[(.*)\]$/, '$1').replace('%25', '%');
  return plain === undefined || (host?.startsWith('[') === true && isIP(plain) !== 6)
    ? undefined
    : { host: plain, port };
}

/** The address as text of a URL or a message. */
export function addressText({ host, port }: LeaderAddress): string {
  return isIP(host) === 6 ? `[${host}]:${port}` : `${host}:${port}`;
}
