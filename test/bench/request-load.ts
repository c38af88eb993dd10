/**
 * Asks a server for /healthz and /metrics in turn, so many times a second, over twenty connections: `request-load.ts PORT RATE`. Prints
 * how many answers came each time it gets SIGUSR2. It counts answers and does not read them, to leave the processors to the server.
 */
import { connect, type Socket } from 'node:net';

const [port = '0', rate = '1000'] = process.argv.slice(2);
const tickMs = 10;
const perMs = Number(rate) / 1_000;
/** A server that is behind is not asked for more at once, so that it does not end the connection. */
const mostWaiting = 4;
const mark = Buffer.from('HTTP/1.1 200 ');

let answers = 0;
const connections = Array.from({ length: 20 }, () => {
  const connection = { socket: connect({ port: Number(port), host: '127.0.0.1' }), waiting: 0 };
  count(connection.socket, () => {
    answers += 1;
    connection.waiting -= 1;
  });
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
      const path = (turn + Math.floor(turn / connections.length)) % 2 === 0 ? '/healthz' : '/metrics';
      connection.socket.write(`GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`);
    }
  }
}, tickMs);

process.on('SIGUSR2', () => {
  process.stdout.write(`answers ${answers}\n`);
});
process.stdout.write('asking\n');

/** Calls `onAnswer` for each answer that begins. */
function count(socket: Socket, onAnswer: () => void): void {
  // A mark may be cut in two by the pieces that arrive.
  let rest = Buffer.alloc(0);
  socket.on('data', (piece) => {
    const bytes = Buffer.concat([rest, piece]);
    for (let at = bytes.indexOf(mark); at >= 0; at = bytes.indexOf(mark, at + mark.length)) {
      onAnswer();
    }
    rest = bytes.subarray(Math.max(0, bytes.length - mark.length + 1));
  });
  const end = (why: string) => (): void => {
    process.stdout.write(`a connection ${why}\n`);
    process.exit(1);
  };
  socket.on('error', end('broke'));
  socket.on('close', end('was closed'));
}
