import process from 'node:process';

/**
 * Node's TLS, loaded when it is first asked for: with it Node begins to read every certificate that the machine trusts, which a store
 * without a network need not wait for.
 */
export function nodeTls(): typeof import('node:tls') {
  return process.getBuiltinModule('node:tls');
}
