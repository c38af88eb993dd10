/**
 * How a message about `object` names a file, so that no path stands in it twice: `it`, or the rest of the path below a directory.
 * Undefined for what lies elsewhere.
 */
export function placeIn(object: string, file: string): string | undefined {
  if (file === object) {
    return 'it';
  }
  const directory = object.endsWith('/') ? object : `${object}/`;
  return file.startsWith(directory) ? file.slice(directory.length).replace(/^\/+/, '') : undefined;
}
