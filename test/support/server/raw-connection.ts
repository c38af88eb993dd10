import { connect, type Socket } from 'node:net';

/** A TCP connection that keeps the pieces as they arrive. */
export class RawConnection implements AsyncDisposable {
  readonly socket: Socket;
  readonly pieces: Buffer[] = [];
  /** Resolves when the other side, or an error, has ended the connection. */
  readonly closed: Promise<void>;
  #heard: (() => void) | undefined;

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.on('error', () => {});
    socket.on('data', (piece) => {
      this.pieces.push(Buffer.from(piece));
      this.#heard?.();
    });
    this.closed = new Promise((resolve) => {
      socket.once('close', () => {
        resolve();
        this.#heard?.();
      });
    });
  }

  static async open(port: number, host = '127.0.0.1'): Promise<RawConnection> {
    const socket = connect({ port, host });
    const connection = new RawConnection(socket);
    await new Promise<void>((resolve) => {
      socket.once('connect', resolve);
      socket.once('close', () => resolve());
    });
    return connection;
  }

  get text(): string {
    return Buffer.concat(this.pieces).toString('latin1');
  }

  send(text: string): void {
    this.socket.write(text, 'latin1');
  }

  /** Resolves with all that came once it matches, or when the connection is over. */
  async until(pattern: RegExp): Promise<string> {
    while (!pattern.test(this.text) && !this.socket.destroyed) {
      await new Promise<void>((resolve) => {
        this.#heard = resolve;
      });
    }
    return this.text;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.socket.destroy();
    await this.closed;
  }
}

/** Sends one request and returns the whole answer with the pieces in which it came; the server ends the connection. */
export async function rawAnswer(
  port: number,
  request: string,
): Promise<{ readonly head: string; readonly body: string; readonly pieces: number }> {
  await using connection = await RawConnection.open(port);
  connection.send(request);
  await connection.closed;
  const at = connection.text.indexOf('\r\n\r\n');
  return {
    head: at < 0 ? connection.text : connection.text.slice(0, at),
    body: at < 0 ? '' : connection.text.slice(at + 4),
    pieces: connection.pieces.length,
  };
}
