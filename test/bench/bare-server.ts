/** The least that Node takes to answer: `bare-server.ts PORT` answers every request with the fifteen bytes of a healthy server. */
import { createServer } from 'node:http';

const body = '{"health":true}';
const headers = { 'content-type': 'application/json', 'content-length': String(body.length) };

createServer((_, answer) => {
  answer.writeHead(200, headers);
  answer.end(body);
}).listen(Number(process.argv[2]), '127.0.0.1', () => process.stdout.write('listening\n'));
