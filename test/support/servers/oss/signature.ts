import { createHash, createHmac } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

/** What a request must be signed with. */
export interface OssKeyPair {
  readonly accessKeyID: string;
  readonly accessKeySecret: string;
  /** Region of the bucket, such as `cn-test`; part of what is signed. */
  readonly region: string;
}

/** Why a request is refused: an OSS error code. */
export type SignatureFault = 'AccessDenied' | 'InvalidAccessKeyId' | 'SignatureDoesNotMatch' | 'RequestTimeTooSkewed';

/** A request as far as its signature is concerned. */
export interface SignedRequest {
  readonly message: IncomingMessage;
  readonly bucket: string;
  readonly key: string;
  readonly query: URLSearchParams;
}

/**
 * Checks `OSS4-HMAC-SHA256` (signature version 4) and `OSS` (version 1) authorizations, following the service's
 * documentation of them; returns what is wrong.
 */
export function checkSignature(request: SignedRequest, keys: OssKeyPair, now: number): SignatureFault | undefined {
  const authorization = request.message.headers.authorization ?? '';
  if (authorization.startsWith('OSS4-HMAC-SHA256 ')) {
    return checkVersion4(request, keys, authorization, now);
  }
  if (authorization.startsWith('OSS ')) {
    return checkVersion1(request, keys, authorization);
  }
  return 'AccessDenied';
}

function checkVersion4(
  request: SignedRequest,
  keys: OssKeyPair,
  authorization: string,
  now: number,
): SignatureFault | undefined {
  const fields = new Map(
    authorization
      .slice('OSS4-HMAC-SHA256 '.length)
      .split(',')
      .map((field): [string, string] => {
        const at = field.indexOf('=');
        return [field.slice(0, at).trim(), field.slice(at + 1)];
      }),
  );
  const [accessKeyID, day = '', region = '', product, terminator] = (fields.get('Credential') ?? '').split('/');
  const date = header(request.message, 'x-oss-date');
  if (accessKeyID !== keys.accessKeyID) {
    return 'InvalidAccessKeyId';
  }
  if (product !== 'oss' || terminator !== 'aliyun_v4_request' || !date.startsWith(day)) {
    return 'AccessDenied';
  }
  const sentAt = Date.parse(date.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'));
  if (!(Math.abs(now - sentAt) <= 15 * 60_000)) {
    return 'RequestTimeTooSkewed';
  }
  const additional = (fields.get('AdditionalHeaders') ?? '').split(';').filter((name) => name !== '');
  const signedHeaders = Object.keys(request.message.headers)
    .filter(
      (name) =>
        name === 'content-type' || name === 'content-md5' || name.startsWith('x-oss-') || additional.includes(name),
    )
    .sort();
  const canonical = [
    request.message.method,
    encode(`/${request.bucket}/${request.key}`).replaceAll('%2F', '/'),
    canonicalQuery(request.query),
    signedHeaders.map((name) => `${name}:${header(request.message, name).trim()}\n`).join(''),
    additional.join(';'),
    header(request.message, 'x-oss-content-sha256'),
  ].join('\n');
  const scope = `${day}/${keys.region}/oss/aliyun_v4_request`;
  const digest = createHash('sha256').update(canonical).digest('hex');
  let key = Buffer.from(`aliyun_v4${keys.accessKeySecret}`);
  for (const step of [day, keys.region, 'oss', 'aliyun_v4_request']) {
    key = createHmac('sha256', key).update(step).digest();
  }
  const expected = createHmac('sha256', key).update(`OSS4-HMAC-SHA256\n${date}\n${scope}\n${digest}`).digest('hex');
  return region === keys.region && fields.get('Signature') === expected ? undefined : 'SignatureDoesNotMatch';
}

/** Query parameters that belong to a version 1 signature. */
const subresources = new Set(['uploads', 'uploadId', 'partNumber', 'worm', 'continuation-token', 'objectMeta']);

function checkVersion1(request: SignedRequest, keys: OssKeyPair, authorization: string): SignatureFault | undefined {
  const [accessKeyID, signature] = authorization.slice('OSS '.length).split(':');
  if (accessKeyID !== keys.accessKeyID) {
    return 'InvalidAccessKeyId';
  }
  const ossHeaders = Object.keys(request.message.headers)
    .filter((name) => name.startsWith('x-oss-'))
    .sort()
    .map((name) => `${name}:${header(request.message, name).trim()}`);
  const query = [...request.query]
    .filter(([name]) => subresources.has(name))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => (value === '' ? name : `${name}=${value}`))
    .join('&');
  const text = [
    request.message.method,
    header(request.message, 'content-md5'),
    header(request.message, 'content-type'),
    header(request.message, 'x-oss-date') || header(request.message, 'date'),
    ...ossHeaders,
    `/${request.bucket}/${request.key}${query === '' ? '' : `?${query}`}`,
  ].join('\n');
  const expected = createHmac('sha1', keys.accessKeySecret).update(text).digest('base64');
  return signature === expected ? undefined : 'SignatureDoesNotMatch';
}

function canonicalQuery(query: URLSearchParams): string {
  return [...query]
    .map(([name, value]) => (value === '' ? encode(name) : `${encode(name)}=${encode(value)}`))
    .sort()
    .join('&');
}

function encode(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
}

function header(message: IncomingMessage, name: string): string {
  const value = message.headers[name];
  return Array.isArray(value) ? value.join(',') : (value ?? '');
}
