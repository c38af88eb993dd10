import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';

/** A server of HTTP/2 that answers each request with the same frame, without end. */
export interface Http2Flood extends AsyncDisposable {
  readonly url: string;
  /** The most frames that one connection has taken. */
  mostFrames(): number;
}

const PREFACE_LENGTH = 24;
const FRAME_HEAD = 9;
const SETTINGS = 4;
const HEADERS = 1;
const ACK = 1;
const END_HEADERS = 4;

/** The frame of an informational answer: `:status` 103, as a literal field without indexing (RFC 7541 section 6.2.2). */
export function informational(stream: number): Buffer {
  return frame({ type: HEADERS, flags: END_HEADERS, stream }, Buffer.from([0x08, 3, ...Buffer.from('103')]));
}

/** Starts one on a free port of 127.0.0.1. */
export async function startHttp2Flood(answer: (stream: number) => Buffer, atOnce = 1_000): Promise<Http2Flood> {
  const sockets = new Map<Socket, number>();
  const server = createServer((socket) => {
    sockets.set(socket, 0);
    socket.on('error', () => undefined);
    socket.write(frame({ type: SETTINGS, flags: 0, stream: 0 }));
    readFrames(socket, ({ type, flags, stream }) => {
      if (type === SETTINGS && (flags & ACK) === 0) {
        socket.write(frame({ type: SETTINGS, flags: ACK, stream: 0 }));
      } else if (type === HEADERS) {
        const piece = Buffer.concat(Array.from({ length: atOnce }, () => answer(stream)));
        const send = (): void => {
          if (!socket.destroyed) {
            sockets.set(socket, (sockets.get(socket) ?? 0) + atOnce);
            socket.write(piece, () => setImmediate(send));
          }
        };
        send();
      }
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}`,
    mostFrames: () => Math.max(0, ...sockets.values()),
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets.keys()) {
        socket.destroy();
      }
      server.close();
      await once(server, 'close');
    },
  };
}

interface FrameHead {
  readonly type: number;
  readonly flags: number;
  readonly stream: number;
}

function frame({ type, flags, stream }: FrameHead, payload: Buffer = Buffer.alloc(0)): Buffer {
  const head = Buffer.alloc(FRAME_HEAD);
  head.writeUIntBE(payload.length, 0, 3);
  head.writeUInt8(type, 3);
  head.writeUInt8(flags, 4);
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

/** Calls `onFrame` with the head of each frame that comes after the client's preface. */
function readFrames(socket: Socket, onFrame: (head: FrameHead) => void): void {
  let bytes = Buffer.alloc(0);
  let begin = PREFACE_LENGTH;
  socket.on('data', (piece) => {
    bytes = Buffer.concat([bytes, piece]);
    while (bytes.length >= begin + FRAME_HEAD) {
      const end = begin + FRAME_HEAD + bytes.readUIntBE(begin, 3);
      if (bytes.length < end) {
        return;
      }
      const [type, flags] = [bytes.readUInt8(begin + 3), bytes.readUInt8(begin + 4)];
      onFrame({ type, flags, stream: bytes.readUInt32BE(begin + 5) });
      bytes = bytes.subarray(end);
      begin = 0;
    }
  });
}
