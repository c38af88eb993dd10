import type { CallOptions } from '../../bucket.ts';
import { PageTokens } from '../../http/page-tokens.ts';
import type { Leftover } from '../../leftover.ts';
import { StoreError } from '../../store-error.ts';
import { ossErrorCode } from './oss-error.ts';
import type { OssRequests } from './oss-requests.ts';

/** Multipart uploads below `prefix` that are neither completed nor aborted. */
export async function* ossLeftovers(
  { requests, location }: { readonly requests: OssRequests; readonly location: string },
  prefix: string,
  { signal }: CallOptions,
): AsyncGenerator<Leftover, void, undefined> {
  const task = { action: 'list the unfinished uploads of', object: location, signal, retry: 'safe' } as const;
  const tokens = new PageTokens(task);
  let mark: string | undefined;
  let marker: Readonly<Record<string, string>> = {};
  do {
    const query = { prefix, 'max-uploads': 1000, ...marker };
    const page = await requests.run(task, (options) => requests.client.listUploads(query, options));
    for (const { name: key, uploadId, initiated } of page.uploads) {
      const begunAt = Date.parse(initiated);
      if (key.startsWith(prefix) && Number.isFinite(begunAt)) {
        const what = `the unfinished upload of ${location}/${key}`;
        yield { key, what, begunAt, remove: (options) => abort(requests, { key, uploadId, location }, options) };
      }
    }
    const { nextKeyMarker: key, nextUploadIdMarker: id } = page;
    marker = { ...(key ? { 'key-marker': key } : {}), ...(id ? { 'upload-id-marker': id } : {}) };
    mark = tokens.next({ more: page.isTruncated, token: key ? `${key}\n${id ?? ''}` : undefined });
  } while (mark !== undefined);
}

async function abort(
  requests: OssRequests,
  { key, uploadId, location }: { readonly key: string; readonly uploadId: string; readonly location: string },
  { signal }: CallOptions,
): Promise<void> {
  const task = { action: 'abort the upload of', object: `${location}/${key}`, signal, retry: 'safe' } as const;
  try {
    await requests.run(task, (options) => requests.client.abortMultipartUpload(key, uploadId, options));
  } catch (error) {
    if (!(error instanceof StoreError && ossErrorCode(error) === 'NoSuchUpload')) {
      throw error;
    }
  }
}
