/**
 * Asks a server for /healthz and /metrics in turn, so many times a second, over twenty connections: `request-load.ts PORT RATE`. Prints
 * how many answers came, and what that took of processors, ms, each time it gets SIGUSR2. It counts answers and does not read them, into
 * memory that is there, to leave the processors to the server.
 */
import { connect, type Socket } from 'node:net';

const [port = '0', rate = '1000'] = process.argv.slice(2);
const tickMs = 10;
const perMs = Number(rate) / 1_000;
/** A server that is behind is not asked for more at once, so that it does not end the connection. */
const mostWaiting = 4;
const mark = Buffer.from('HTTP/1.1 200 ');
/** As Prometheus does, one that scrapes takes gzip; probes do not ask for it. */
const requests = ['/healthz HTTP/1.1', '/metrics HTTP/1.1\r\nAccept-Encoding: gzip'].map((line) =>
  Buffer.from(`GET ${line}\r\nHost: x\r\n\r\n`),
);
/** Bytes that are read at a time. */
const pieceSize = 64 * 1024;

const begun = process.cpuUsage();
let answers = 0;
const connections = Array.from({ length: 20 }, () => {
  const socket = connectCounting(() => {
    answers += 1;
    connection.waiting -= 1;
  });
  const connection = { socket, waiting: 0 };
  return connection;
});

let last = performance.now();
let due = 0;
let turn = 0;
setInterval(() => {
  const now = performance.now();
  // What a late tick has missed is sent with the next one, but not what the server could not take.
  due = Math.min(due + (now - last) * perMs, Number(rate));
  last = now;
  for (let tried = 0; due >= 1 && tried < connections.length * mostWaiting; tried++) {
    turn += 1;
    const connection = connections[turn % connections.length];
    if (connection !== undefined && connection.waiting < mostWaiting) {
      due -= 1;
      connection.waiting += 1;
      connection.socket.write(requests[(turn + Math.floor(turn / connections.length)) % 2] ?? '');
    }
  }
}, tickMs);

process.on('SIGUSR2', () => {
  const { user, system } = process.cpuUsage(begun);
  process.stdout.write(`answers ${answers} ${(user + system) / 1_000}\n`);
});
process.stdout.write('asking\n');

/** A connection that calls `onAnswer` for each answer that begins. */
function connectCounting(onAnswer: () => void): Socket {
  // A mark may be cut in two by the pieces that arrive: the end of each stays before the next.
  const memory = Buffer.alloc(mark.length - 1 + pieceSize);
  const place = memory.subarray(mark.length - 1);
  let rest = 0;
  const socket = connect({
    port: Number(port),
    host: '127.0.0.1',
    onread: {
      buffer: place,
      callback: (length) => {
        const bytes = memory.subarray(mark.length - 1 - rest, mark.length - 1 + length);
        for (let at = bytes.indexOf(mark); at >= 0; at = bytes.indexOf(mark, at + mark.length)) {
          onAnswer();
        }
        rest = Math.min(bytes.length, mark.length - 1);
        bytes.copy(memory, mark.length - 1 - rest, bytes.length - rest);
        return true;
      },
    },
  });
  const end = (why: string) => (): void => {
    process.stdout.write(`a connection ${why}\n`);
    process.exit(1);
  };
  socket.on('error', end('broke'));
  socket.on('close', end('was closed'));
  return socket;
}
