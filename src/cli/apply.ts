import { applyOptions, writeOptions } from '../config/options/apply.ts';
import { etcdConnectionOptions } from '../config/options/etcd-connection.ts';
import { loggingOptions, outputOptions } from '../config/options/logging.ts';
import { revision } from '../revision.ts';
import { command } from './command.ts';

/** `etcdbrctl apply`. */
export const applyCommand = command({
  name: 'apply',
  description:
    'Compares an export with a running etcd and shows what is to be done about each key; --yes does it. A key is written only while ' +
    'it is missing there, or, with --unchanged-since, not changed since. Where a key has another value, nothing is written and the exit ' +
    'code is 1. Keys that have the value already are not written again, so it can be run as often as needed.',
  examples: [
    { does: 'What would be written:', command: 'etcdbrctl apply -e http://127.0.0.1:2379 ns.jsonl' },
    { does: 'Write it:', command: 'etcdbrctl apply --yes -e http://127.0.0.1:2379 ns.jsonl' },
  ],
  operand: { placeholder: 'EXPORT', completes: 'file', help: 'A file or directory that export has written.' },
  groups: {
    write: writeOptions,
    apply: applyOptions,
    connection: etcdConnectionOptions,
    output: outputOptions,
    logging: loggingOptions,
  },
  async run({ config, operand, context, print }) {
    const { connect } = await import('../etcd/connect.ts');
    const { ExportFile } = await import('../operations/export/export-file.ts');
    const { writeKeys } = await import('./write-keys.ts');
    const hashes = config.apply.edited ? 'ignored' : 'required';
    const source = await ExportFile.open(operand, { hashes }, context);
    const { unchangedSince } = config.apply;
    await using connection = await connect(config.connection, context);
    await writeKeys(
      {
        source,
        from: source.header,
        connection,
        shown: 'all',
        existing: {
          unchangedSince: unchangedSince === undefined ? undefined : revision(unchangedSince),
          others: 'conflict',
        },
        options: config.write,
        format: config.output.format,
        print,
      },
      context,
    );
  },
});
