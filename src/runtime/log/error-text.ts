import { Failure } from '../failure.ts';
import { limits } from '../limits.ts';
import {
  type FileSystemError,
  isFileSystemError,
  placeOf,
  systemCode,
  systemErrorText,
  systemRefusal,
} from '../system-error.ts';
import { cutText, foreignText } from './cut-text.ts';
import { printable } from './printable.ts';

/** Causes deeper than this are left out, in case causes form a circle. */
const maxDepth = 8;

/** Errors of one {@link AggregateError} that are shown. */
const maxErrors = 10;

/**
 * An error in one line: its message, then the causes, without the parts that the text says already.
 * What would not print as it reads is escaped; long texts are cut.
 */
export function errorText(error: unknown): string {
  let text = ownText(error);
  let said = comparable(text);
  let cause = causeOf(error);
  for (let depth = 0; cause !== undefined && depth < maxDepth; depth++) {
    const more = isFileSystemError(cause)
      ? systemPart(cause, { text, object: error instanceof Failure ? error.object : undefined })
      : isListenError(cause)
        ? codePart(cause.code, text)
        : isOfCompression(cause)
          ? ''
          : undefined;
    if (more !== undefined) {
      text += more;
      said += comparable(more);
      cause = causeOf(cause);
      continue;
    }
    for (const part of ownText(cause).split(': ')) {
      const plain = comparable(withoutPlace(part, cause));
      // A path that only this process has says less than the text before it.
      if (plain !== '' && !said.includes(plain) && !part.startsWith('/proc/self/fd/')) {
        text += `: ${part}`;
        said += `: ${plain}`;
      }
    }
    cause = causeOf(cause);
  }
  return oneLine(text);
}

/** What a cause says besides which file it is about: the text around it names that as its reader knows it. */
function withoutPlace(part: string, cause: unknown): string {
  const { file, path } = Object(cause) as { readonly file?: unknown; readonly path?: unknown };
  const place = typeof file === 'string' ? file : path;
  // Once: a file may have the name of what it is, as in "pipe is a pipe".
  return cause instanceof Error && typeof place === 'string' && place !== '' ? part.replace(place, '') : part;
}

/** What an error of the operating system adds to a text, in our words. */
function systemPart(
  error: FileSystemError,
  { text, object }: { readonly text: string; readonly object: string | undefined },
): string {
  const { found } = systemRefusal(error);
  const said = comparable(text);
  const isSaid =
    said.includes(comparable(found)) ||
    text.includes(`(${systemCode(error)})`) ||
    said.includes(comparable(error.message));
  const place = placeOf(error);
  // What was given as a relative path is the end of it.
  const isNamed = place === undefined || text.includes(place) || (object !== undefined && place.endsWith(`/${object}`));
  const where = isNamed ? '' : ` (at ${place})`;
  return `${isSaid ? '' : `: ${found}`}${where}`;
}

/** True for an address that the operating system refuses: the error around it says why in our words. */
function isListenError(error: unknown): error is Error & { readonly code: string } {
  return error instanceof Error && 'syscall' in error && error.syscall === 'listen' && 'code' in error;
}

/** True for what zlib and zstd say of damaged data: the error around it says it in our words. */
function isOfCompression(error: unknown): boolean {
  return (
    error instanceof Error &&
    'code' in error &&
    typeof error.code === 'string' &&
    /^(Z_(DATA|BUF)_ERROR$|ZSTD_error_)/.test(error.code)
  );
}

/** The code of an error, where the text does not have it. */
function codePart(code: string, text: string): string {
  return text.includes(code) ? '' : ` (${code})`;
}

/** A text in one line, cut when it is long: line breaks become spaces, what would not print as it reads becomes an escape such as `\x1b`. */
export function oneLine(text: string): string {
  const lines = cutText(text, limits.message.most)
    .split('\n')
    .map((line) => line.trim());
  return printable(lines.filter((line) => line !== '').join(' '));
}

/** For comparisons: without capitals, quotation marks and full stops. */
function comparable(text: string): string {
  return text
    .replace(/["'`.]/g, '')
    .trim()
    .toLowerCase();
}

function causeOf(error: unknown): unknown {
  const hidden = error instanceof Failure && !error.showsCauses;
  return error instanceof Error && !hidden ? error.cause : undefined;
}

function ownText(error: unknown): string {
  if (error instanceof AggregateError && error.message === '') {
    return [...new Set(error.errors.slice(0, maxErrors).map(ownText))].join(', ');
  }
  // Our own messages hold texts of others that were cut before.
  if (error instanceof Failure) {
    return cutText(error.message, limits.message.most);
  }
  if (isFileSystemError(error)) {
    return foreignText(systemErrorText(error));
  }
  if (error instanceof Error) {
    return error.message === '' ? error.name : withoutPacking(foreignText(error.message));
  }
  return foreignText(String(error));
}

/** gRPC packs the errors below it into its own text. */
function withoutPacking(message: string): string {
  const note = message.lastIndexOf('Resolution note:');
  const noted = note >= 0 && message.slice(note + 'Resolution note:'.length).trim() === '';
  return (noted ? message.slice(0, note).trimEnd() : message).replace(/\bError: /g, '');
}
