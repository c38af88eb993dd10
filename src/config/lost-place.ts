import { isAbsolute } from 'node:path';
import { cwd } from 'node:process';
import type { OptionSpec } from './option.ts';
import type { OptionValue } from './option-value.ts';
import type { ParseResult } from './parse-result.ts';

const pathPlaceholders: ReadonlySet<string> = new Set(['dir', 'file', 'file|dir', 'file,...', 'path,...']);

/**
 * Refuses a path that is relative where the working directory cannot be written as a text: one that is gone, or whose name is no
 * UTF-8. Joined with its name the path would lead to another directory, which would be made. Undefined when nothing is wrong.
 */
export function lostPlace(
  { placeholder = '' }: Pick<OptionSpec, 'placeholder'>,
  value: OptionValue,
): Extract<ParseResult<never>, { readonly wrong: string }> | undefined {
  const paths = pathPlaceholders.has(placeholder) ? [value].flat() : [];
  const isRelative = paths.some((path) => typeof path === 'string' && path !== '' && !isAbsolute(path));
  const reason = isRelative ? whyLost() : undefined;
  return reason === undefined
    ? undefined
    : {
        wrong: `it is relative, and the working directory ${reason}`,
        remedy: 'give an absolute path, or go to another directory',
      };
}

function whyLost(): string | undefined {
  try {
    return cwd().includes('\ufffd') ? 'has a name that is no UTF-8' : undefined;
  } catch {
    return 'is gone';
  }
}
