import type { ApiAnswer, ApiRequest, ApiServer } from './api-server.ts';

/**
 * An API server that is looked for at the first request, and again at each one after it was not found: credentials may come later.
 * Requests throw what the search throws.
 */
export class LazyApiServer implements ApiServer {
  readonly #open: () => Promise<ApiServer>;
  #server: Promise<ApiServer> | undefined;
  #location = 'the API server of Kubernetes';

  constructor(open: () => Promise<ApiServer>) {
    this.#open = open;
  }

  get location(): string {
    return this.#location;
  }

  async request(request: ApiRequest): Promise<ApiAnswer> {
    this.#server ??= this.#open();
    let server: ApiServer;
    try {
      server = await this.#server;
    } catch (error) {
      this.#server = undefined;
      throw error;
    }
    this.#location = server.location;
    return await server.request(request);
  }

  [Symbol.dispose](): void {
    this.#server?.then(
      (server) => server[Symbol.dispose](),
      () => undefined,
    );
    this.#server = undefined;
  }
}
