import process from 'node:process';
import { type Environment, variable } from '../../runtime/environment.ts';
import { Failure } from '../../runtime/failure.ts';

/** Where a request goes. */
export interface RequestTarget {
  readonly protocol: 'http:' | 'https:';
  /** Host name or IP address, the latter without brackets. */
  readonly host: string;
  readonly port: number;
}

/** A proxy, and the variable that names it. */
export interface HttpProxy {
  readonly url: URL;
  readonly variable: string;
}

/**
 * The proxy for a request, by the rules of Go's `net/http`: HTTPS_PROXY or HTTP_PROXY by the target's scheme, capital letters
 * before small ones; NO_PROXY lists exceptions; localhost and loopback addresses are always reached directly. Undefined: no proxy.
 * Throws a Failure `endpoint_invalid` for a variable that names no HTTP proxy.
 */
export function proxyFor(target: RequestTarget, environment: Environment): HttpProxy | undefined {
  const names = target.protocol === 'https:' ? ['HTTPS_PROXY', 'https_proxy'] : ['HTTP_PROXY', 'http_proxy'];
  const name = names.find((each) => variable(environment, each) !== undefined);
  const text = name === undefined ? undefined : variable(environment, name);
  if (name === undefined || text === undefined || isLoopback(target.host)) {
    return undefined;
  }
  const exceptions = variable(environment, 'NO_PROXY') ?? variable(environment, 'no_proxy') ?? '';
  return isException(target, exceptions) ? undefined : { url: parseProxy(text, name), variable: name };
}

/** A proxy as it may be shown: without user and password. */
export function describeProxy({ url, variable: name }: HttpProxy): string {
  return `the proxy ${url.protocol}//${url.host} (${name})`;
}

function parseProxy(text: string, name: string): URL {
  // Go takes a bare host and port for an HTTP proxy.
  const absolute = /^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `http://${text}`;
  const url = URL.canParse(absolute) ? new URL(absolute) : undefined;
  if (url === undefined || url.hostname === '' || !(url.protocol === 'http:' || url.protocol === 'https:')) {
    throw new Failure({
      code: 'endpoint_invalid',
      action: 'use the proxy in',
      object: name,
      found:
        url === undefined ? 'it is not a URL' : `its scheme ${url.protocol.slice(0, -1)} is not one of a HTTP proxy`,
      remedy: 'write it as http://HOST:PORT, or name the hosts that need no proxy in NO_PROXY',
    });
  }
  return url;
}

/** Node's network, loaded when it is first asked for, as that of nodeTls(). */
function nodeNet(): typeof import('node:net') {
  return process.getBuiltinModule('node:net');
}

function isLoopback(host: string): boolean {
  const { BlockList, isIP } = nodeNet();
  const version = isIP(host);
  if (version === 0) {
    return host.toLowerCase() === 'localhost';
  }
  const loopback = new BlockList();
  loopback.addSubnet('127.0.0.0', 8, 'ipv4');
  loopback.addAddress('::1', 'ipv6');
  return loopback.check(host, version === 4 ? 'ipv4' : 'ipv6');
}

/** NO_PROXY: names (with their subdomains, or only those with a leading dot), addresses and networks, with or without a port; `*` is all. */
function isException({ host, port }: RequestTarget, exceptions: string): boolean {
  return exceptions
    .split(',')
    .map((each) => each.trim().toLowerCase())
    .filter((each) => each !== '')
    .some((each) => each === '*' || matches(each, host.toLowerCase(), port));
}

function matches(exception: string, host: string, port: number): boolean {
  if (exception.includes('/')) {
    return isInNetwork(host, exception);
  }
  const [, name = '', itsPort] = /^(\[.*\]|[^:]*|.*:.*:.*?)(?::(\d+))?$/.exec(exception) ?? [];
  if (itsPort !== undefined && Number(itsPort) !== port) {
    return false;
  }
  const { isIP } = nodeNet();
  const bare = name.replace(/^\[|\]$/g, '');
  if (isIP(bare) !== 0) {
    return isIP(host) !== 0 && sameAddress(bare, host);
  }
  const domain = bare.replace(/^\*?\./, '');
  return host.endsWith(`.${domain}`) || (host === domain && domain === bare);
}

function isInNetwork(host: string, network: string): boolean {
  const { BlockList, isIP } = nodeNet();
  const [address = '', bits = ''] = network.split('/');
  const version = isIP(address);
  if (version === 0 || isIP(host) !== version || !/^\d{1,3}$/.test(bits) || Number(bits) > (version === 4 ? 32 : 128)) {
    return false;
  }
  const family = version === 4 ? 'ipv4' : 'ipv6';
  const list = new BlockList();
  list.addSubnet(address, Number(bits), family);
  return list.check(host, family);
}

function sameAddress(one: string, other: string): boolean {
  const { BlockList, isIP } = nodeNet();
  const version = isIP(one);
  const family = version === 4 ? 'ipv4' : 'ipv6';
  const list = new BlockList();
  list.addAddress(one, family);
  return isIP(other) === version && list.check(other, family);
}
