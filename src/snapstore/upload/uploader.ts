import { untilAborted } from '../../runtime/async/until-aborted.ts';
import type { Bucket, ObjectEntry, Upload } from '../bucket.ts';
import { retryTransient } from '../retry-transient.ts';
import { BufferPool } from './buffer-pool.ts';
import { planChunkSize } from './chunk-plan.ts';
import { ChunkedUpload } from './chunked-upload.ts';
import { discardUpload } from './discard-upload.ts';
import type { LinkableFile } from './linkable-file.ts';
import type { UploadRequest, UploadSettings } from './upload-request.ts';
import { uploadRetries } from './upload-retries.ts';
import { UploadVanished } from './upload-vanished.ts';

/** How often a body is sent again from its beginning, when the store forgets uploads. */
const mostUploads = 3;

/**
 * Uploads a stream of unknown length in chunks, some at once. A chunk that fails with a `transient` error is tried again
 * ({@link transferRetries}); an upload that the store has forgotten is begun again where the body can be read again. Every
 * other failure, of the source too, and a cancellation end all chunks in flight and abort the upload, so that nothing
 * becomes visible and nothing is left. Throws the first failure.
 */
export async function uploadInChunks(
  bucket: Bucket,
  request: UploadRequest,
  settings: UploadSettings,
): Promise<ObjectEntry> {
  const { again, inspection, key, onUploaded } = request;
  let sent = 0;
  const counted = {
    ...request,
    onUploaded: (bytes: number): void => {
      sent += bytes;
      onUploaded?.(bytes);
    },
  };
  for (let uploads = 1; ; uploads += 1) {
    try {
      const body = uploads === 1 || again === undefined ? request.body : again();
      return await uploadOnce(bucket, { ...counted, body }, settings);
    } catch (error) {
      // An inspection has seen the parts already.
      const mayRepeat = again !== undefined && inspection === undefined && uploads < mostUploads;
      if (!(error instanceof UploadVanished) || !mayRepeat) {
        throw error;
      }
      settings.log.warn({ key, error: error.message }, 'an upload is begun again: the store has forgotten it');
      onUploaded?.(-sent);
      sent = 0;
    }
  }
}

async function uploadOnce(bucket: Bucket, request: UploadRequest, settings: UploadSettings): Promise<ObjectEntry> {
  request.signal.throwIfAborted();
  const partSize = planChunkSize(bucket.traits, { ...request, minChunkSize: settings.minChunkSize });
  const upload = await retryTransient(
    () => bucket.beginUpload(request.key, { signal: request.signal, partSize, sizeAtLeast: request.sizeAtLeast }),
    uploadRetries(settings, request.signal, `the beginning of the upload of ${request.key}`),
  );
  try {
    const buffers = settings.buffers ?? new BufferPool({ count: Math.max(1, settings.parallel) });
    const chunks = new ChunkedUpload(upload, { bucket, request, settings, buffers, partSize });
    const link = await linked(upload, request);
    const sent = link === undefined ? await buffers.use(() => chunks.run()) : undefined;
    if (request.publishAfter !== undefined) {
      await untilAborted(request.publishAfter, request.signal);
    }
    if (request.mayPublish !== undefined) {
      const { signal } = request;
      await untilAborted(request.mayPublish({ signal }), signal);
    }
    return await upload.complete(sent ?? { parts: 1, size: link?.size() ?? 0 }, { signal: request.signal });
  } catch (error) {
    await discardUpload(upload, { key: request.key, cancelled: request.signal, log: settings.log });
    throw error;
  }
}

/** Links the file into the store, where there is one and the store can. Then nothing of the body is read. */
async function linked(
  upload: Upload,
  { linkFile, inspection, signal, onUploaded }: UploadRequest,
): Promise<LinkableFile | undefined> {
  if (linkFile === undefined || inspection !== undefined) {
    return undefined;
  }
  if ((await upload.linkFile?.(linkFile.path, { signal })) !== true) {
    return undefined;
  }
  onUploaded?.(linkFile.size());
  return linkFile;
}
