import type { IncomingMessage } from 'node:http';
import { crc32cText, type GcsAttributes, type GcsObject, GcsObjectSpace, GcsRefusal } from './gcs/object-space.ts';
import { ResumableSessions } from './gcs/resumable-sessions.ts';
import { TokenDesk } from './gcs/token-service.ts';
import { corrupted } from './http-fault.ts';
import { fromPageToken, keyPage, toPageToken } from './key-page.ts';
import { listenAsStore, type StoreAnswer, type StoreListener, type StoreRequest } from './store-listener.ts';

/** A loopback Google Cloud Storage with one bucket; it speaks the JSON API. */
export interface GcsServer extends StoreListener {
  readonly bucket: string;
  /** What the bucket holds, for tests to look at and to fill. */
  readonly space: GcsObjectSpace;
  /** Who may do something; `ENDPOINT/token` gives tokens. */
  readonly tokens: TokenDesk;
  readonly resumable: ResumableSessions;
}

/**
 * Starts the server on a free port. It knows objects: list, get (with ranges), insert (multipart and resumable), compose and
 * delete; checks bearer tokens unless `auth` is `none`, generations, checksums and retention; and gives out tokens.
 */
export async function startGcsServer(
  options: {
    readonly auth?: 'bearer' | 'none';
    readonly now?: () => number;
    readonly bucket?: string;
    readonly pageSize?: number;
    /** Where the objects are kept; by default in memory. */
    readonly objects?: Map<string, GcsObject>;
  } = {},
): Promise<GcsServer> {
  const { auth = 'bearer', now = Date.now, bucket = 'backups', pageSize = 1000 } = options;
  const space = new GcsObjectSpace(bucket, now, options.objects);
  const tokens = new TokenDesk();
  const resumable = new ResumableSessions(space);
  const listener = await listenAsStore({
    sortOut,
    perform: (request) => {
      if (request.operation === 'token') {
        return json(200, tokens.exchange(new URLSearchParams(request.body.toString())));
      }
      // An upload session's address is a secret of its own.
      if (auth === 'bearer' && !request.operation.startsWith('objects.resumable')) {
        tokens.check(request.headers.authorization);
      }
      if (request.bucket !== bucket) {
        throw new GcsRefusal(404, 'notFound', 'The specified bucket does not exist.');
      }
      return perform(request, space, { resumable, pageSize });
    },
    refuse: refusal,
    faulty: ({ status, code = 'backendError' }) => new GcsRefusal(status, code, 'as the test asked'),
  });
  return { ...listener, bucket, space, tokens, resumable };
}

function sortOut(message: IncomingMessage, url: URL): Pick<StoreRequest, 'operation' | 'bucket' | 'key'> {
  if (url.pathname === '/token') {
    return { operation: 'token', bucket: '', key: '' };
  }
  const found = /^\/(upload\/)?storage\/v1\/b\/([^/]+)\/o(?:\/([^/]+)(\/compose)?)?$/.exec(url.pathname);
  const [, upload, bucket = '', encoded = '', compose] = found ?? [];
  const key = upload === undefined ? decodeURIComponent(encoded) : (url.searchParams.get('name') ?? '');
  return { operation: operationOf(message.method ?? '', url, { upload, encoded, compose }), bucket, key };
}

function operationOf(
  method: string,
  url: URL,
  path: { readonly upload?: string | undefined; readonly encoded: string; readonly compose?: string | undefined },
): string {
  if (path.upload !== undefined) {
    if (url.searchParams.get('uploadType') !== 'resumable') {
      return 'objects.insert';
    }
    return url.searchParams.has('upload_id') ? 'objects.resumable.write' : 'objects.resumable';
  }
  if (path.compose !== undefined) {
    return 'objects.compose';
  }
  if (path.encoded === '') {
    return 'objects.list';
  }
  if (method === 'DELETE') {
    return 'objects.delete';
  }
  return url.searchParams.get('alt') === 'media' ? 'objects.download' : 'objects.get';
}

function perform(
  request: StoreRequest,
  space: GcsObjectSpace,
  { resumable, pageSize }: { readonly resumable: ResumableSessions; readonly pageSize: number },
): StoreAnswer {
  const { key, query } = request;
  const wanted = query.get('ifGenerationMatch');
  const precondition = { ifGenerationMatch: wanted === null ? undefined : Number(wanted) };
  switch (request.operation) {
    case 'objects.list':
      return listObjects(query, space, pageSize);
    case 'objects.get':
      return json(200, space.resource(space.get(key)));
    case 'objects.download':
      return download(request, space.get(key));
    case 'objects.delete':
      space.delete(key, precondition);
      return { status: 204 };
    case 'objects.insert': {
      const sent = parseRelated(request.sent, request.headers['content-type']);
      const body = request.body === request.sent ? sent.body : corrupted(sent.body);
      const { attributes } = sent;
      return json(200, space.resource(space.put(key, body, { ...precondition, attributes, sent: sent.body })));
    }
    case 'objects.compose': {
      const { sourceObjects, destination } = JSON.parse(request.sent.toString()) as {
        readonly sourceObjects: readonly { readonly name: string; readonly generation?: number }[];
        readonly destination?: { readonly contentType?: string };
      };
      const contentType = destination?.contentType;
      return json(200, space.resource(space.compose(key, sourceObjects, { ...precondition, contentType })));
    }
    case 'objects.resumable': {
      const attributes = request.sent.length === 0 ? {} : (JSON.parse(request.sent.toString()) as GcsAttributes);
      const id = resumable.begin(key, attributes, precondition);
      const at = `http://${request.headers.host}/upload/storage/v1/b/${space.bucket}/o?uploadType=resumable&name=${encodeURIComponent(key)}`;
      return { status: 200, headers: { location: `${at}&upload_id=${id}` } };
    }
    case 'objects.resumable.write':
      return resume(request, space, resumable);
    default:
      throw new GcsRefusal(404, 'notFound', 'Not Found');
  }
}

function resume(request: StoreRequest, space: GcsObjectSpace, resumable: ResumableSessions): StoreAnswer {
  const id = request.query.get('upload_id') ?? '';
  if (request.message.method === 'DELETE') {
    resumable.cancel(id);
    return { status: 499 };
  }
  const progress = resumable.write(id, request.headers['content-range'], request.body);
  if ('object' in progress) {
    return json(200, space.resource(progress.object));
  }
  return { status: 308, headers: progress.received === 0 ? {} : { range: `bytes=0-${progress.received - 1}` } };
}

function download({ headers }: StoreRequest, object: GcsObject): StoreAnswer {
  const described = {
    'content-type': object.contentType ?? 'application/octet-stream',
    'x-goog-generation': String(object.generation),
    'x-goog-hash': `crc32c=${crc32cText(object.body)}`,
    'x-goog-stored-content-encoding': 'identity',
    'x-goog-stored-content-length': String(object.body.length),
  };
  const range = /^bytes=(\d+)-(\d*)$/.exec(headers.range ?? '');
  if (range === null) {
    return { status: 200, headers: described, body: object.body };
  }
  const start = Number(range[1]);
  const end = Math.min(range[2] ? Number(range[2]) + 1 : object.body.length, object.body.length);
  if (start >= end) {
    throw new GcsRefusal(416, 'requestedRangeNotSatisfiable', 'Request range not satisfiable');
  }
  return {
    status: 206,
    headers: { ...described, 'content-range': `bytes ${start}-${end - 1}/${object.body.length}` },
    body: object.body.subarray(start, end),
  };
}

function listObjects(query: URLSearchParams, space: GcsObjectSpace, pageSize: number): StoreAnswer {
  const { keys, folders, next } = keyPage(space.objects.keys(), {
    prefix: query.get('prefix') ?? '',
    after: fromPageToken(query.get('pageToken')),
    most: Math.min(Number(query.get('maxResults') ?? pageSize), pageSize),
    delimiter: query.get('delimiter'),
  });
  return json(200, {
    kind: 'storage#objects',
    items: keys.length === 0 ? undefined : keys.map((name) => space.resource(space.get(name))),
    prefixes: folders.length === 0 ? undefined : folders,
    nextPageToken: next === undefined ? undefined : toPageToken(next),
  });
}

/** Takes `multipart/related` apart: the object's attributes as JSON, then its bytes. */
function parseRelated(whole: Buffer, type = ''): { readonly attributes: GcsAttributes; readonly body: Buffer } {
  const boundary = /^multipart\/related; boundary="?([^";]+)"?$/.exec(type)?.[1];
  const head = `--${boundary}\r\n`;
  const first = whole.indexOf('\r\n\r\n');
  const second = whole.indexOf(`\r\n${head}`, first);
  const body = whole.indexOf('\r\n\r\n', second) + 4;
  const end = whole.lastIndexOf(`\r\n--${boundary}--`);
  if (boundary === undefined || second < 0 || body < 4 || end < body) {
    throw new GcsRefusal(400, 'badRequest', 'Malformed multipart body.');
  }
  const attributes = JSON.parse(whole.subarray(first + 4, second).toString()) as GcsAttributes;
  return { attributes, body: whole.subarray(body, end) };
}

function json(status: number, value: unknown): StoreAnswer {
  const body = Buffer.from(JSON.stringify(value));
  return { status, headers: { 'content-type': 'application/json; charset=UTF-8' }, body };
}

function refusal(error: unknown, request: StoreRequest): StoreAnswer {
  const { status, reason, message } =
    error instanceof GcsRefusal ? error : new GcsRefusal(500, 'backendError', String(error));
  if (request.operation === 'token') {
    return json(status, { error: reason, error_description: message });
  }
  const errors = [{ message, domain: 'global', reason }];
  return json(status, { error: { code: status, message, errors } });
}
