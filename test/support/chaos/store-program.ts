/** A loopback store in a process of its own: `store-program.ts DIRECTORY`. Prints its endpoint. */
import { startGcsServer } from '../servers/gcs-server.ts';
import { ObjectFiles } from './object-files.ts';

const [directory = ''] = process.argv.slice(2);
const { endpoint } = await startGcsServer({ auth: 'none', objects: new ObjectFiles(directory) });
process.stdout.write(`${endpoint}\n`);
