/**
 * A loopback S3 in a process of its own that holds files, and counts what is asked of it. Takes a {@link CountingTask} as JSON on the
 * command line, prints its address, and at each SIGUSR2 a line of {@link Asked} as JSON.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { startS3Server } from '../../support/servers/s3-server.ts';

/** What the server holds. */
export interface CountingTask {
  readonly directory: string;
  /** Files in it, objects below `v2`. */
  readonly names: readonly string[];
}

/** What was asked so far. */
export interface Asked {
  readonly requests: number;
  readonly bytes: number;
}

const { directory, names } = JSON.parse(process.argv[2] ?? '') as CountingTask;
const server = await startS3Server();
for (const name of names) {
  const bytes = readFileSync(join(directory, name));
  server.objects.set(`v2/${name}`, { size: bytes.length, bytes, modifiedAt: Date.now() });
}
process.on('SIGUSR2', () => {
  const requests = [...server.calls.values()].reduce((sum, count) => sum + count, 0);
  const asked: Asked = { requests, bytes: server.sentBytes() };
  process.stdout.write(`${JSON.stringify(asked)}\n`);
});
process.stdout.write(`${server.endpoint}\n`);
