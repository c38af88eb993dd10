import type { IncomingMessage } from 'node:http';
import * as z from 'zod';
import { type ForeignAnswer, foreignMessage } from '../../http/foreign-answer.ts';

/** A request, as far as its answer depends on it. */
interface Asked {
  readonly uri: string;
  readonly method?: string;
}

/** A page of a listing, which leaves out what it has not: the SDK takes whatever else stands there for nothing as well. */
const page = z.object({
  kind: z.literal('storage#objects'),
  items: z.array(z.unknown()).nullish(),
  prefixes: z.array(z.string()).nullish(),
  nextPageToken: z.string().nullish(),
});

/** An object, of which the rest is read later. */
const object = z.object({ kind: z.literal('storage#object') });

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
  const isOne = (isListing(request) ? page : object).safeParse(value).success;
  if (!isOne) {
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
