import { Damage } from '../damage.ts';
import { listSegments } from './directory.ts';
import { decodeMetadata, type WalMetadata } from './record.ts';
import { readSegment } from './segment.ts';

/** Ends the reading of a segment once the metadata is known. */
class Found extends Error {
  readonly metadata: WalMetadata;

  constructor(metadata: WalMetadata) {
    super('found');
    this.metadata = metadata;
  }
}

/**
 * The member that a log belongs to, as its newest segment says at its beginning; undefined when there is no log or it is damaged
 * there. Nothing after that is read.
 */
export async function readWalOwner(
  walDir: string,
  { signal }: { readonly signal: AbortSignal },
): Promise<WalMetadata | undefined> {
  const segments = await listSegments(walDir);
  for (const { file } of segments.toReversed()) {
    try {
      await readSegment({ file, position: 'last', crc: 0, views: 'passing', signal }, ({ kind, data }) => {
        throw new Found(kind === 'metadata' ? decodeMetadata(data) : { nodeId: 0n, clusterId: 0n });
      });
    } catch (error) {
      if (error instanceof Found && error.metadata.nodeId !== 0n) {
        return error.metadata;
      }
      if (!(error instanceof Found || error instanceof Damage)) {
        throw error;
      }
    }
  }
  return undefined;
}
