import type { IncomingHttpHeaders } from 'node:http';
import type { CallOptions } from '../../bucket.ts';
import type { SwiftConnection } from './swift-connection.ts';
import { notFoundMeans } from './swift-error.ts';

/** What is at a key, as far as its segments are concerned. */
export type Manifest =
  /** Nothing, or an object with bytes of its own. */
  | { readonly kind: 'none' }
  /** A list of segments, each with its checksum: no other can get into it. */
  | { readonly kind: 'static' }
  /** All objects that begin with `prefix`, which begins with the container: whatever is written there becomes part of it. */
  | { readonly kind: 'dynamic'; readonly prefix: string };

/** Reads it off the headers of an object. */
export function manifestOf(headers: IncomingHttpHeaders): Manifest {
  const { 'x-object-manifest': prefix, 'x-static-large-object': isStatic } = headers;
  if (isStatic !== undefined) {
    return { kind: 'static' };
  }
  return prefix === undefined
    ? { kind: 'none' }
    : { kind: 'dynamic', prefix: decoded(String(prefix)).replace(/^\/+/, '') };
}

/** Asks the store for it. */
export async function manifestAt(
  connection: Pick<SwiftConnection, 'describe' | 'send'>,
  key: string,
  { signal }: CallOptions,
): Promise<Manifest> {
  const what = connection.describe('look at', key);
  const found = await connection.send(what, { method: 'HEAD', key }, { signal }).catch(notFoundMeans(undefined));
  return found === undefined ? { kind: 'none' } : manifestOf(found.headers);
}

/** Whether keys that begin with `key` belong to it. */
export function takesIn(manifest: Manifest, place: { readonly container: string; readonly key: string }): boolean {
  return manifest.kind === 'dynamic' && `${place.container}/${place.key}`.startsWith(manifest.prefix);
}

/** What a manifest says that names all objects of the container that begin with `prefix`: container and prefix, percent-encoded. */
export function manifestFor(container: string, prefix: string): string {
  return `${container}/${prefix}`.split('/').map(encodeURIComponent).join('/');
}

/** As it is written where it is no percent-encoding. */
function decoded(manifest: string): string {
  try {
    return decodeURIComponent(manifest);
  } catch {
    return manifest;
  }
}
