/**
 * One use of a loopback S3, to be measured: by our store, or by the SDK alone as a measure for it. Takes a {@link Transfer} as JSON
 * on the command line.
 */
import {
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  GetObjectCommand,
  S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { systemClock } from '../../../src/runtime/system-clock.ts';
import { openStore } from '../../../src/snapstore/registry.ts';
import { quietLogger } from '../../support/context/quiet-logger.ts';
import { inPieces, seededBytes } from '../../support/fixtures/byte-streams.ts';
import { snapshotNamed } from '../../support/fixtures/snapshots.ts';

/** What is to be done. */
export interface Transfer {
  readonly by: 'our store' | 'the SDK';
  /** `nothing` lists only: what the program needs before it begins. */
  readonly what: 'upload' | 'download' | 'nothing';
  readonly endpoint: string;
  /** File names below `v2`. */
  readonly names: readonly string[];
  /** Bytes of each object that is uploaded. */
  readonly size: number;
  readonly partSize: number;
  /** Objects on their way at once, and parts of each. */
  readonly objects: number;
  readonly parts: number;
}

const bucket = 'backups';
const transfer = JSON.parse(process.argv[2] ?? '') as Transfer;
const { signal } = new AbortController();
const piece = seededBytes(1024 * 1024, 2);

/** Something to upload, in pieces as a stream gives them. */
async function* source(size: number): AsyncGenerator<Uint8Array, void, undefined> {
  for (let left = size; left > 0; left -= piece.length) {
    yield* inPieces(piece.subarray(0, Math.min(left, piece.length)), 64 * 1024);
  }
}

async function drain(body: AsyncIterable<Uint8Array>): Promise<void> {
  for await (const _ of body) {
    // Only the way here is measured.
  }
}

/** Works the list off, so many at a time. */
async function each<T>(items: Iterable<T>, atOnce: number, work: (item: T) => Promise<void>): Promise<void> {
  const queue = items[Symbol.iterator]();
  const worker = async (): Promise<void> => {
    for (let next = queue.next(); next.done !== true; next = queue.next()) {
      await work(next.value);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
}

async function withOurStore({ what, endpoint, names, size, partSize, objects, parts }: Transfer): Promise<void> {
  await using store = await openStore(
    {
      provider: 'ECS',
      container: bucket,
      prefix: '',
      endpointOverride: undefined,
      maxParallelChunkUploads: parts,
      minChunkSize: partSize,
      role: 'primary',
    },
    {
      log: quietLogger,
      clock: systemClock,
      environment: { ECS_ENDPOINT: endpoint, ECS_ACCESS_KEY_ID: 'key', ECS_SECRET_ACCESS_KEY: 'secret' },
    },
  );
  const { snapshots } = await store.list({ signal });
  if (what === 'download') {
    await each(snapshots, objects, async (snapshot) => drain(await store.fetch(snapshot, { signal })));
  } else if (what === 'upload') {
    await each(names, objects, async (name) => {
      await store.save(snapshotNamed(name), source(size), { signal, sizeBound: size });
    });
  }
}

/** Parts as the SDK's own transfer manager sends them: filled one by one, so many on their way at once. */
async function uploadWithSdk(client: S3Client, key: string, { size, partSize, parts }: Transfer): Promise<void> {
  const target = { Bucket: bucket, Key: key };
  const { UploadId } = await client.send(new CreateMultipartUploadCommand(target));
  const done: { PartNumber: number; ETag: string | undefined }[] = [];
  const pieces = source(size);
  const nextPart = async (): Promise<Buffer> => {
    const gathered: Uint8Array[] = [];
    for (let length = 0; length < partSize; ) {
      const next = await pieces.next();
      if (next.done === true) {
        break;
      }
      gathered.push(next.value);
      length += next.value.length;
    }
    return Buffer.concat(gathered);
  };
  const all = new Set<Promise<void>>();
  for (let number = 1; ; number++) {
    const body = await nextPart();
    if (body.length === 0) {
      break;
    }
    const sent = client
      .send(new UploadPartCommand({ ...target, UploadId, PartNumber: number, Body: body }))
      .then(({ ETag }) => {
        done.push({ PartNumber: number, ETag });
        all.delete(sent);
      });
    all.add(sent);
    if (all.size === parts) {
      await Promise.race(all);
    }
  }
  await Promise.all(all);
  const Parts = done.sort((a, b) => a.PartNumber - b.PartNumber);
  await client.send(new CompleteMultipartUploadCommand({ ...target, UploadId, MultipartUpload: { Parts } }));
}

async function withSdk(task: Transfer): Promise<void> {
  const client = new S3Client({
    endpoint: task.endpoint,
    region: 'us-east-1',
    forcePathStyle: true,
    credentials: { accessKeyId: 'key', secretAccessKey: 'secret' },
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
  });
  await each(task.what === 'nothing' ? [] : task.names, task.objects, async (name) => {
    const key = `v2/${name}`;
    if (task.what === 'upload') {
      await uploadWithSdk(client, key, task);
    } else {
      const { Body: body } = await client.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
      await drain(body as AsyncIterable<Uint8Array>);
    }
  });
  client.destroy();
}

await (transfer.by === 'the SDK' ? withSdk(transfer) : withOurStore(transfer));
