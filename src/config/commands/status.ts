import { commandSpec } from '../command-spec.ts';
import { loggingOptions, reportOptions } from '../options/logging.ts';
import { statusOptions } from '../options/status.ts';

/** `etcdbrctl status`. */
export const statusSpec = commandSpec({
  name: 'status',
  summary: 'show hash, revision and size of a snapshot, db or data directory',
  description:
    'Reads a whole database without an etcd, checks every page and record and the hash of a snapshot, and prints the ' +
    'numbers that etcdutl snapshot status prints.',
  examples: [
    { does: 'A full snapshot, compressed or not:', command: 'etcdbrctl status Full-00000000-00000058-1795251532.gz' },
    { does: 'The data directory of a stopped etcd:', command: 'etcdbrctl status -o json /var/etcd/data' },
  ],
  operand: {
    placeholder: 'FILE|DIR',
    help: 'A full snapshot, a db file, or the data directory of an etcd that is stopped.',
  },
  groups: { status: statusOptions, output: reportOptions, logging: loggingOptions },
});
