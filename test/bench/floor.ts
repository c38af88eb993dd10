/**
 * The least a restore must do: inflates every object named on the command line and hashes what comes out, in one thread.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';

for (const file of process.argv.slice(2)) {
  const bytes = gunzipSync(readFileSync(file));
  createHash('sha256').update(bytes).digest();
}
