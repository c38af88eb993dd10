import { UsageFailure } from '../config/usage-failure.ts';

/** The bytes of a key or prefix as it was written: a text, or with `--hex` hexadecimal digits. Throws a {@link UsageFailure}. */
export function keyBytes(written: string, { hex }: { readonly hex: boolean }): Uint8Array {
  if (!hex) {
    return Buffer.from(written);
  }
  if (!/^(?:[0-9a-f]{2})*$/i.test(written)) {
    throw new UsageFailure({
      action: 'use',
      object: 'the key',
      found: 'with --hex it is to be an even number of hexadecimal digits',
      remedy: 'leave --hex away for a key that is a text',
    });
  }
  return Buffer.from(written, 'hex');
}
