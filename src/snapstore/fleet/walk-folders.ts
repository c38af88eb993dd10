import { processWorkList } from '../../runtime/async/work-list.ts';
import { limits } from '../../runtime/limits.ts';
import type { Layout } from '../../snapshot/snapshot.ts';
import type { Bucket, CallOptions } from '../bucket.ts';
import { StoreError } from '../store-error.ts';
import { isAddressable } from './key-place.ts';
import { reservedFolder } from './reserved-folder.ts';

/** A prefix below which there is a folder of backups. */
export interface FoundPrefix {
  /** Without a slash at its end; empty for the top of the container. */
  readonly prefix: string;
  readonly layouts: readonly Layout[];
}

/** Where to look. */
export interface FolderWalk extends CallOptions {
  /** Empty, or with a slash at its end. */
  readonly root: string;
  /** Whether a prefix that is wanted can be in a folder, or be the folder. Without a slash at its end. */
  readonly mayHold: (folder: string) => boolean;
  readonly onPrefix: (found: FoundPrefix) => void;
  /** A folder that could not be looked into; the walk goes on. */
  readonly onRefused: (folder: string, error: StoreError) => void;
  /** Called for each folder that was looked into. */
  readonly onFolder: () => void;
}

/** Folders that are looked into at once. */
const workers = 16;

/** A store that does not answer for so many folders in a row answers for none. */
const mostUnanswered = 3;

/**
 * Finds prefixes by their folders `v1` and `v2`, folder by folder, without a listing of what is in these. Throws a StoreError
 * when the root cannot be looked into, or the store answers for nothing.
 */
export async function walkFolders(bucket: Bucket, walk: FolderWalk): Promise<void> {
  const { root, mayHold, onPrefix, onRefused, onFolder, signal } = walk;
  let unanswered = 0;
  const look = async (folder: string, add: (folder: string) => void, stop: AbortSignal): Promise<void> => {
    const layouts: Layout[] = [];
    for await (const each of bucket.folders(folder, { signal: stop })) {
      const name = each.slice(folder.length, -1);
      if (name === 'v1' || name === 'v2') {
        layouts.push(name);
      } else if (
        each !== `${root}${reservedFolder}` &&
        name !== '' &&
        isAddressable(name) &&
        each.split('/').length <= limits.fleetDepth.most &&
        mayHold(each.slice(0, -1))
      ) {
        add(each);
      }
    }
    onFolder();
    unanswered = 0;
    if (layouts.length > 0) {
      onPrefix({ prefix: folder.slice(0, -1), layouts });
    }
  };
  const act = async (folder: string, add: (folder: string) => void, stop: AbortSignal): Promise<void> => {
    try {
      await look(folder, add, stop);
    } catch (error) {
      stop.throwIfAborted();
      if (!(error instanceof StoreError) || error.kind === 'gone' || folder === root) {
        throw error;
      }
      unanswered = error.kind === 'transient' ? unanswered + 1 : 0;
      if (unanswered === mostUnanswered) {
        throw error;
      }
      onRefused(folder.slice(0, -1), error);
    }
  };
  await processWorkList({ first: [root], workers, act }, signal);
}
