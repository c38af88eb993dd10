import type { Chunk } from './bundle.ts';

/** Where a chunk is in the pack: offset and length of its source, then of its compiled code, in bytes. */
export type ChunkPlace = readonly [source: number, sourceLength: number, code: number, codeLength: number];

/** The assets that {@link packChunks} makes. */
export const packAssets = { pack: 'chunks', places: 'chunks.json' } as const;

/**
 * All chunks with their compiled code as one asset, and the places of each by name as another. Node looks at the head of every asset
 * when a program starts, so hundreds of assets would bring most of the executable into memory.
 */
export function packChunks(
  chunks: readonly (Chunk & { readonly code: Uint8Array })[],
): Readonly<Record<(typeof packAssets)[keyof typeof packAssets], string | Uint8Array>> {
  const places: Record<string, ChunkPlace> = {};
  const parts: Uint8Array[] = [];
  let length = 0;
  const add = (bytes: Uint8Array): number => {
    const at = length;
    parts.push(bytes);
    length += bytes.length;
    return at;
  };
  for (const { name, source, code } of chunks) {
    const text = Buffer.from(source, 'latin1');
    places[name] = [add(text), text.length, add(code), code.length];
  }
  return { [packAssets.pack]: Buffer.concat(parts), [packAssets.places]: JSON.stringify(places) };
}
