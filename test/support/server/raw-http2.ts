import { connect, type TLSSocket } from 'node:tls';

/** Codes of frames of HTTP/2 (RFC 9113 section 6). */
const headersFrame = 1;
const resetFrame = 3;
const settingsFrame = 4;

/** END_STREAM and END_HEADERS. */
const whole = 5;

/** The reason CANCEL. */
const cancel = Buffer.from([0, 0, 0, 8]);

function frame(type: number, flags: number, stream: number, payload: Buffer): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

function literal(name: string, value: string): Buffer {
  return Buffer.concat([
    Buffer.from([0, name.length]),
    Buffer.from(name),
    Buffer.from([value.length]),
    Buffer.from(value),
  ]);
}

/** `count` requests for a path, each of which is taken back right after it. */
export function resetRequests(path: string, count: number): Buffer {
  // GET and https are of the static table of HPACK.
  const head = Buffer.concat([Buffer.from([0x82, 0x87]), literal(':path', path), literal(':authority', 'x')]);
  return Buffer.concat(
    Array.from({ length: count }, (_, at) => [
      frame(headersFrame, whole, 2 * at + 1, head),
      frame(resetFrame, 0, 2 * at + 1, cancel),
    ]).flat(),
  );
}

/** Opens a connection that speaks HTTP/2 frame by frame and reads nothing. */
export async function rawHttp2(port: number): Promise<TLSSocket> {
  const socket = connect({ port, host: '127.0.0.1', rejectUnauthorized: false, ALPNProtocols: ['h2'] });
  socket.on('error', () => {});
  socket.pause();
  const { promise, resolve } = Promise.withResolvers<void>();
  socket.once('secureConnect', resolve);
  socket.once('close', () => resolve());
  await promise;
  const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
  socket.write(Buffer.concat([preface, frame(settingsFrame, 0, 0, Buffer.alloc(0))]));
  return socket;
}

/** Resolves when the system has taken the bytes, or the connection is over. */
export async function written(socket: TLSSocket, bytes: Buffer): Promise<void> {
  await new Promise<void>((resolve) => {
    socket.write(bytes, () => resolve());
  });
}
