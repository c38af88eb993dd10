import { UsageFailure } from '../config/usage-failure.ts';
import type { WantedKeys } from '../snapshot/key-index/wanted-keys.ts';

/** The bytes of a key or prefix as it was written: a text, or with `--hex` hexadecimal digits. Throws a {@link UsageFailure}. */
export function keyBytes(written: string, { hex }: { readonly hex: boolean }): Uint8Array {
  if (!hex) {
    return Buffer.from(written);
  }
  if (!/^(?:[0-9a-f]{2})*$/i.test(written)) {
    throw new UsageFailure({
      action: 'use',
      object: 'the key',
      found: 'with --hex it must be an even number of hexadecimal digits',
      remedy: 'leave out --hex for a key that is a text',
    });
  }
  return Buffer.from(written, 'hex');
}

/** Where API servers keep their objects unless they are configured otherwise. */
const KUBERNETES = '/registry/';

/**
 * The prefixes that were written; those of Kubernetes where only a namespace is given. Throws a {@link UsageFailure} where neither is.
 */
export function keyPrefixes(
  written: readonly string[],
  how: { readonly hex: boolean; readonly namespace: string | undefined; readonly command: string },
): readonly Uint8Array[] {
  if (written.length > 0) {
    return written.map((each) => keyBytes(each, how));
  }
  if (how.namespace === undefined) {
    throw new UsageFailure({
      action: 'run',
      object: how.command,
      found: 'PREFIX is missing',
      remedy: `give what the keys begin with, or a --namespace; see etcdbrctl ${how.command} --help`,
    });
  }
  return [Buffer.from(KUBERNETES)];
}

/** The keys that begin with one of some prefixes. */
export function wantedPrefixes(prefixes: readonly Uint8Array[]): readonly WantedKeys[] {
  return prefixes.map((prefix) => ({ kind: 'prefix', prefix }));
}
