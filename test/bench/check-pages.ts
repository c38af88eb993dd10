/**
 * Checks all pages of a database, as a snapshot does, with or without the index that is made meanwhile. Arguments: the file, and
 * `with index` or `without`.
 */
import { inspectDatabase } from '../../src/datadir/mvcc/inspect-database.ts';
import { FullIndexWriter } from '../../src/snapshot/key-index/full-index-writer.ts';
import { indexFraming } from '../../src/snapshot/key-index/index-framing.ts';

const [file = '', how] = process.argv.slice(2);
const framing = indexFraming({ compression: 'gzip' });
let size = 0;
const writer =
  how === 'with index' && framing !== undefined
    ? new FullIndexWriter({
        framing,
        limit: Number.MAX_SAFE_INTEGER,
        write: (member) => {
          size += member.length;
        },
      })
    : undefined;
const { signal } = new AbortController();
await inspectDatabase(file, { signal, ...(writer === undefined ? {} : { onKeys: (pages) => writer.add(pages) }) });
process.stdout.write(`${size}\n`);
