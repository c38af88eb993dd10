/**
 * The part of pkgcloud 2.2.0 that is used, which has no types of its own. Members with an underscore are internal there;
 * the version is pinned, and only `pkgcloud-transport.ts` touches them.
 */
declare module 'pkgcloud/lib/pkgcloud/openstack/storage/index.js' {
  import type { EventEmitter } from 'node:events';
  import type { Agent, IncomingMessage } from 'node:http';

  /** Options handed to the `request` package; hooks in `before` may change them. */
  export interface RequestOptions {
    method: string;
    headers: Record<string, string>;
    body?: Buffer;
    json?: boolean;
    encoding?: BufferEncoding | null;
    followRedirect?: boolean;
    followAllRedirects?: boolean;
    agent?: Agent;
  }

  /** What the `request` package returns. */
  export interface Request extends EventEmitter {
    abort(): void;
  }

  export interface StorageClient {
    failCodes: Record<number, string>;
    before: ((options: RequestOptions) => void)[];
    _serviceUrl: string | null;
    _identity: EventEmitter & { token: { readonly id: string; readonly expires: Date } | null };
    _isAuthorized(): boolean;
    _request(
      options: {
        readonly method: string;
        readonly uri: string;
        readonly headers: Record<string, string>;
        readonly body?: Buffer;
      },
      callback?: (error: unknown, body: unknown, response: IncomingMessage) => void,
    ): Request;
  }

  export function createClient(options: {
    readonly authUrl: string;
    readonly identity: new () => EventEmitter;
    readonly earlyTokenTimeout: number;
  }): StorageClient;
}
