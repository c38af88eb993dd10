import { cleanText } from '../runtime/clean-text.ts';
import { readAtMost } from '../runtime/read-at-most.ts';
import { reasonOf } from './file-reason.ts';
import type { OptionGroup, TextOption } from './option.ts';
import type { OptionValue } from './option-value.ts';
import { UsageFailure } from './usage-failure.ts';
import { nameAtSource, type ValueSource } from './value-source.ts';

/** No password or token is longer, bytes. */
const sizeLimit = 64 * 1024;

/** The highest source first. */
const ranks: readonly ValueSource['kind'][] = ['flag', 'environment', 'file', 'default'];

/**
 * Gives each option of a group whose value is in a file that another option names (`--etcd-password-file`) that value: what the
 * file holds, without a byte order mark and the line ends around it. When both options are given, the one of the higher source
 * counts. Throws a {@link UsageFailure} when both come from one source or the file cannot be used.
 */
export async function fillFromFiles(
  group: OptionGroup,
  values: Map<string, OptionValue>,
  sources: ReadonlyMap<string, ValueSource>,
): Promise<void> {
  for (const [name, spec] of Object.entries(group.options)) {
    const path = values.get(name);
    const target = spec.type === 'string' ? spec.contentOf : undefined;
    const filled = target === undefined ? undefined : group.options[target];
    if (spec.type !== 'string' || target === undefined || filled === undefined || typeof path !== 'string') {
      continue;
    }
    const source = sources.get(spec.flag) ?? { kind: 'default' };
    const own = sources.get(filled.flag) ?? { kind: 'default' };
    const order = ranks.indexOf(source.kind) - ranks.indexOf(own.kind);
    if (order === 0) {
      throw new UsageFailure({
        action: 'use',
        object: nameAtSource(spec, source),
        found: `--${filled.flag} is given as well`,
        remedy: 'give one of the two',
      });
    }
    if (order < 0) {
      values.set(target, await contentOf(path, spec, source));
    }
  }
}

async function contentOf(path: string, spec: TextOption, source: ValueSource): Promise<string> {
  const refuse = (found: string, remedy: string): UsageFailure =>
    new UsageFailure({ action: 'use', object: nameAtSource(spec, source), found, remedy });
  let bytes: Buffer;
  try {
    bytes = await readAtMost(path, sizeLimit);
  } catch (error) {
    if (error instanceof RangeError) {
      throw refuse('the file is larger than any password', 'give a file that holds the password alone');
    }
    // People also give the password itself: only what is written like a path is shown.
    const shown = /^(?:\/|\.{1,2}\/)[\w./ +-]*$/.test(path) ? `the file ${path}` : 'the file';
    throw refuse(`${shown} cannot be read: ${reasonOf(error)}`, 'give the path of a file that holds the password');
  }
  const cleaned = cleanText(bytes.toString('utf8'), 'secret');
  if ('wrong' in cleaned) {
    throw refuse(`the file is not one line of text: ${cleaned.wrong}`, 'give a file that holds the password alone');
  }
  if (cleaned.value === '') {
    throw refuse('the file is empty', 'write the password into it');
  }
  return cleaned.value;
}
