/**
 * Asks a server for /healthz and /metrics in turn, so many times a second, over ten connections: `request-load.ts PORT RATE`. Prints
 * how many answers came each time it gets SIGUSR2. It counts answers and does not read them, to leave the processors to the server.
 */
import { connect, type Socket } from 'node:net';

const [port = '0', rate = '1000'] = process.argv.slice(2);
const tickMs = 10;
const connections = 10;
const perTick = (Number(rate) * tickMs) / 1_000;
const mark = Buffer.from('HTTP/1.1 200 ');

let answers = 0;
const sockets = Array.from({ length: connections }, () => counted(connect({ port: Number(port), host: '127.0.0.1' })));
const begunAt = performance.now();
let sent = 0;
setInterval(() => {
  // What a late tick has missed is sent with the next one.
  const due = Math.floor(((performance.now() - begunAt) / tickMs) * perTick);
  for (; sent < due; sent++) {
    const path = sent % 2 === 0 ? '/healthz' : '/metrics';
    sockets[sent % connections]?.write(`GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`);
  }
}, tickMs);

process.on('SIGUSR2', () => {
  process.stdout.write(`answers ${answers}\n`);
});
process.stdout.write('asking\n');

function counted(socket: Socket): Socket {
  // A mark may be cut in two by the pieces that arrive.
  let rest = Buffer.alloc(0);
  socket.on('data', (piece) => {
    const bytes = Buffer.concat([rest, piece]);
    for (let at = bytes.indexOf(mark); at >= 0; at = bytes.indexOf(mark, at + mark.length)) {
      answers += 1;
    }
    rest = bytes.subarray(Math.max(0, bytes.length - mark.length + 1));
  });
  socket.on('error', (error) => {
    process.stdout.write(`${error.message}\n`);
    process.exit(1);
  });
  return socket;
}
