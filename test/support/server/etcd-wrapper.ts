import { readFileSync } from 'node:fs';
import { connect as connectPlain, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { Clock } from '../../../src/runtime/clock.ts';

/** How an etcd-wrapper reaches its sidecar. */
export interface WrapperOptions {
  /** Default: 127.0.0.1. */
  readonly host?: string;
  readonly port: number;
  /** Host part of `--backup-restore-host-port`: the Host header, and with TLS the name in the certificate. */
  readonly serverName: string;
  /** PEM file of the authorities; undefined: plain HTTP. */
  readonly caFile: string | undefined;
  /** `sanity` after a signal, `full` otherwise. */
  readonly mode: 'sanity' | 'full';
  readonly clock: Clock;
  /** Ends it, as the end of its container does. */
  readonly signal?: AbortSignal;
}

/** What the wrapper's reader has in its buffer when the headers arrive: bufio's default, bytes. */
const readBuffer = 4096;

/** How long a request may take, ms. */
const requestMs = 60_000;

interface Answer {
  readonly status: number;
  readonly body: string;
}

/**
 * Does what etcd-wrapper v0.8 does before it starts etcd: asks for the state, starts an initialization, waits, takes the
 * configuration. It cancels each request when its headers are there and keeps of the body only what came in the same read.
 */
export class EtcdWrapper {
  readonly #options: WrapperOptions;
  /** Each request and what was understood of its answer. */
  readonly transcript: string[] = [];

  constructor(options: WrapperOptions) {
    this.#options = options;
  }

  /** The configuration that etcd would start with. Throws when the container would exit. */
  async bootstrap(): Promise<string> {
    for (;;) {
      this.#options.signal?.throwIfAborted();
      const word = await this.#status();
      if (word === 'Successful') {
        return await this.#config();
      }
      if (word === 'New') {
        await this.#ask(`/initialization/start?mode=${this.#options.mode}`).catch(() => undefined);
      }
      await this.#options.clock.sleep(1_000, this.#options.signal);
    }
  }

  /** The body, compared without trimming; undefined when the state is unknown. */
  async #status(): Promise<string | undefined> {
    try {
      const { status, body } = await this.#ask('/initialization/status');
      return [200, 201, 202].includes(status) ? body : undefined;
    } catch {
      return undefined;
    }
  }

  async #config(): Promise<string> {
    for (let attempt = 1; attempt <= 5; attempt++) {
      const answer = await this.#ask('/config').catch(() => undefined);
      if (answer?.status === 200) {
        return answer.body;
      }
      await this.#options.clock.sleep(1_000, this.#options.signal);
    }
    throw new Error('the container exits: no configuration after 5 attempts');
  }

  async #ask(path: string): Promise<Answer> {
    const { serverName, port } = this.#options;
    const socket = await this.#connect();
    try {
      socket.write(
        `GET ${path} HTTP/1.1\r\nHost: ${serverName}:${port}\r\nUser-Agent: Go-http-client/1.1\r\nAccept-Encoding: gzip\r\n\r\n`,
      );
      const first = await firstRead(socket);
      const answer = parse(first.subarray(0, readBuffer).toString('latin1'));
      this.transcript.push(`${path} ${answer.status} ${JSON.stringify(answer.body)}`);
      return answer;
    } catch (error) {
      this.transcript.push(`${path} ${error}`);
      throw error;
    } finally {
      socket.destroy();
    }
  }

  async #connect(): Promise<Socket> {
    const { host = '127.0.0.1', port, caFile, serverName } = this.#options;
    const socket =
      caFile === undefined
        ? connectPlain({ port, host })
        : connectTls({ port, host, servername: serverName, ca: readFileSync(caFile), ALPNProtocols: ['http/1.1'] });
    socket.setTimeout(requestMs, () => socket.destroy(new Error('timeout')));
    await new Promise((resolve, reject) => {
      socket.once(caFile === undefined ? 'connect' : 'secureConnect', resolve);
      socket.once('error', reject);
    });
    return socket;
  }
}

function firstRead(socket: Socket): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    socket.once('data', resolve);
    socket.once('error', reject);
    socket.once('close', () => reject(new Error('closed without an answer')));
  });
}

/** Go's reader keeps to the length; what is missing in the buffer is lost. */
function parse(text: string): Answer {
  const at = text.indexOf('\r\n\r\n');
  const head = text.slice(0, at);
  const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(head)?.[1]);
  const length = Number(/^content-length: (\d+)\r?$/im.exec(head)?.[1]);
  const body = text.slice(at + 4);
  if (at < 0 || Number.isNaN(status) || body.length !== length) {
    throw new Error(`unexpected EOF: ${body.length} of ${length} bytes`);
  }
  return { status, body };
}
