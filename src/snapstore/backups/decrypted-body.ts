import { Readable } from 'node:stream';
import { Failure } from '../../runtime/failure.ts';
import { type KeyOpener, NoIdentityFits } from '../../snapshot/encryption/identities.ts';
import type { Encryption } from '../../snapshot/snapshot.ts';
import { consumeBody } from '../http/object-body.ts';

/** What opens encrypted objects; `as stored` leaves them closed, for commands that only move them. */
export type Opening = KeyOpener | 'as stored';

/**
 * Opens the header of an encrypted object and gives the key of its contents. Throws a Failure `no_identity`, and EncryptionDamage for a header
 * that was changed.
 */
export type HeaderOpener = (object: Pick<NamedObject, 'name'>, header: Uint8Array) => Promise<Uint8Array>;

/** Opens headers with identities; undefined where there are none that open anything. */
export function headerOpener(identities: Opening): HeaderOpener | undefined {
  if (identities === 'as stored' || identities.count === 0) {
    return undefined;
  }
  return async (object, header) => {
    try {
      return await identities.fileKey(header);
    } catch (error) {
      throw error instanceof NoIdentityFits ? noIdentity(object, identities) : error;
    }
  };
}

/** An object that is fetched. */
interface NamedObject {
  readonly name: string;
  readonly encryption?: Encryption | undefined;
}

/**
 * What `fetch` gives, decrypted where the object is encrypted; as it is stored where that is asked for. Throws a Failure `no_identity`, at once or from the body,
 * when they do not open it.
 */
export async function decryptedBody(
  object: NamedObject,
  fetch: () => Promise<Readable>,
  identities: Opening,
): Promise<Readable> {
  if (object.encryption === undefined || identities === 'as stored') {
    return await fetch();
  }
  if (identities.count === 0) {
    throw noIdentity(object, identities);
  }
  const stored = await fetch();
  // Destroyed before it was read, it never begins with the contents: nothing in them would end what is stored.
  return Readable.from(contents(stored, object, identities)).once('close', () => stored.destroy());
}

async function* contents(
  stored: Readable,
  object: NamedObject,
  identities: KeyOpener,
): AsyncGenerator<Uint8Array, void> {
  try {
    const { decrypt } = await import('../../snapshot/encryption/decrypt.ts');
    yield* decrypt(consumeBody(stored), identities);
  } catch (error) {
    throw error instanceof NoIdentityFits ? noIdentity(object, identities) : error;
  } finally {
    stored.destroy();
  }
}

/** The failure of an object that `identities` do not open. */
export function noIdentity({ name }: Pick<NamedObject, 'name'>, { count }: Pick<KeyOpener, 'count'>): Failure {
  return new Failure({
    code: 'no_identity',
    action: 'read',
    object: name,
    found:
      count === 0
        ? 'it is encrypted, and no identity was given'
        : `it is encrypted, and ${count === 1 ? 'the identity that was given does not open it' : `none of the ${count} identities that were given opens it`}`,
    remedy: 'give the secret key of one of its recipients with --identity FILE',
  });
}
