import { checkListedSize } from '../listed-size.ts';
import { StoreError } from '../store-error.ts';
import type { RawBody } from './object-body.ts';
import type { StoreAction } from './request-error.ts';

/** What a store says of an object that it sends as a whole. */
interface WholeAnswer {
  /** Set where it sends a part after all. */
  readonly contentRange?: string | undefined;
  /** The header Content-Encoding. */
  readonly encoding: string | undefined;
  /** Of the body, bytes. */
  readonly length: number | undefined;
}

/**
 * Throws a {@link StoreError} `invalid`, and ends the body, where a part is sent, or an object of another size than was listed: it was replaced, other
 * objects are mixed into it, or something on the way has compressed it. What is read then would look like a damaged object. `size` is that of
 * the object as it was listed; an object may have been stored with an encoding.
 */
export function checkWholeAnswer(
  { contentRange, encoding, length }: WholeAnswer,
  { size }: { readonly size?: number | undefined },
  { stream }: Pick<RawBody, 'stream'>,
  { action, object }: StoreAction,
): void {
  const refuse = (found: string, remedy?: string): never => {
    stream.destroy();
    throw new StoreError('invalid', { action, object, found, remedy });
  };
  const [, from, to, total] = /^bytes (\d{1,16})-(\d{1,16})\/(\d{1,16})$/.exec(contentRange ?? '') ?? [];
  const isAll = from !== undefined && Number(from) === 0 && Number(to) + 1 === Number(total);
  if (contentRange !== undefined && !isAll) {
    refuse('the store sends a part of it where all was asked for');
  }
  const isEncoded = encoding !== undefined && encoding !== '' && encoding !== 'identity';
  if (size === undefined || length === undefined || length === size) {
    return;
  }
  if (isEncoded) {
    refuse(
      `it has ${size} bytes, and the answer has ${length}: something on the way to the store changes answers (Content-Encoding)`,
      'have proxies and load balancers pass on what the store sends',
    );
  }
  try {
    checkListedSize(length, size, { action, object });
  } catch (error) {
    stream.destroy();
    throw error;
  }
}
