import type { IncomingMessage } from 'node:http';
import { type ForeignAnswer, foreignMessage } from '../../http/foreign-answer.ts';

/** A request, as far as its answer depends on it. */
interface Asked {
  readonly uri: string;
  readonly method?: string;
}

/** What the JSON API calls a page of a listing and an object, in the field `kind` of each. */
const LISTING = 'storage#objects';
const OBJECT = 'storage#object';

/** Headers of which the service sends at least one with the bytes of an object. */
const OF_MEDIA = ['x-goog-generation', 'x-goog-hash', 'etag'];

/**
 * Parses a successful answer, of which the SDK takes every absent field for nothing. Throws a {@link ForeignAnswer} unless it is
 * what the service answers to this request: a page of a listing, an object, or nothing to a deletion.
 */
export function admitJson(request: Asked, response: IncomingMessage, text: string): unknown {
  if (request.method === 'DELETE') {
    if (text.trim() !== '') {
      throw foreignGcsAnswer(request, response, text);
    }
    return {};
  }
  const value = parse(text);
  const kind = typeof value === 'object' && value !== null ? Reflect.get(value, 'kind') : undefined;
  if (kind !== (isListing(request) ? LISTING : OBJECT)) {
    throw foreignGcsAnswer(request, response, text);
  }
  return value;
}

/** Throws a {@link ForeignAnswer} unless the body of this answer can be an object's bytes. */
export function admitMedia(request: Asked, response: IncomingMessage): void {
  if (!OF_MEDIA.some((name) => response.headers[name] !== undefined)) {
    response.destroy();
    throw foreignGcsAnswer(request, response, undefined);
  }
}

/** The error for an answer that another service gave. */
export function foreignGcsAnswer({ uri }: Asked, response: IncomingMessage, text: string | undefined): ForeignAnswer {
  return foreignMessage({ service: 'Google Cloud Storage', url: uri }, response, text);
}

/** Only the address of a listing ends with the collection itself. */
function isListing({ method = 'GET', uri }: Asked): boolean {
  return method === 'GET' && new URL(uri).pathname.endsWith('/o');
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
