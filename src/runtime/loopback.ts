import { BlockList, isIP } from 'node:net';

const addresses = new BlockList();
addresses.addSubnet('127.0.0.0', 8, 'ipv4');
addresses.addAddress('::1', 'ipv6');

/** Whether a host (a name, or an address with or without brackets) is this machine, so that nothing sent to it leaves it. */
export function isLoopback(host: string): boolean {
  const plain = host.replace(/^\[(.*)\]$/, '$1').toLowerCase();
  const version = isIP(plain);
  return version === 0
    ? plain === 'localhost' || plain.endsWith('.localhost')
    : addresses.check(plain, version === 4 ? 'ipv4' : 'ipv6');
}
