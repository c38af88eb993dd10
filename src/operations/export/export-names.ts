/** The file with the lines, in a directory that an export was written to. */
export const LINES_NAME = 'export.jsonl';

/** Longest name of a file or directory that every file system takes, bytes. */
const LONGEST_NAME = 200;

/**
 * Where the value of a key is below the directory of an export: the path of the key, with what no name may hold written as `%` and
 * two digits, and `extension`. Two keys have two paths: a directory ends with `.d` where its name could be that of a file, and keys
 * that begin with no slash are below `%-`.
 */
export function pathOfKey(key: Uint8Array, extension: string): string {
  const [first = '', ...rest] = Buffer.from(key).toString('latin1').split('/');
  const segments = first === '' && rest.length > 0 ? rest : [first, ...rest];
  const last = segments.at(-1) ?? '';
  return [
    ...(segments === rest ? [] : ['%-']),
    ...segments.slice(0, -1).flatMap((segment) => shortened(directoryName(segment, extension))),
    ...fileName(last, extension),
  ].join('/');
}

function directoryName(segment: string, extension: string): string {
  const name = escaped(segment);
  return name.endsWith(extension) || name.endsWith('.d') ? `${name}.d` : name;
}

function fileName(segment: string, extension: string): readonly string[] {
  const parts = shortened(escaped(segment));
  return [...parts.slice(0, -1), `${parts.at(-1) ?? ''}${extension}`];
}

/** A long name becomes several directories. */
function shortened(name: string): readonly string[] {
  const parts = name.match(new RegExp(`.{1,${LONGEST_NAME}}`, 'gs')) ?? [name];
  return parts.map((part, at) => (at < parts.length - 1 ? `${part}%+` : part));
}

/** A single `%` is the name of an empty segment. */
function escaped(segment: string): string {
  if (segment === '') {
    return '%';
  }
  const dotted = segment.replace(/[^A-Za-z0-9._:@=+,-]/g, hex);
  return dotted === '.' || dotted === '..' || dotted === LINES_NAME ? dotted.replaceAll('.', hex) : dotted;
}

function hex(character: string): string {
  return `%${character.charCodeAt(0).toString(16).padStart(2, '0')}`;
}
