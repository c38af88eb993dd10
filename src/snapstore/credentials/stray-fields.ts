import { nearestWord } from '../../runtime/nearest-word.ts';
import type { RawFields } from './credential-file.ts';

/** A name that is none of a provider's fields, and the field it is taken for. */
export interface StrayField {
  readonly written: string;
  readonly field: string;
}

/** How many letters may be wrong. */
const mostTypos = 2;

/**
 * Names that are a letter or two away from a field that is absent. Other names are left alone: a secret may serve several programs, and
 * what is nowhere near a field may be a secret itself.
 */
export function strayFields(
  written: readonly string[],
  { fields, raw }: { readonly fields: readonly string[]; readonly raw: RawFields },
): readonly StrayField[] {
  const given = new Set(Object.keys(raw).flatMap((name) => (isSet(raw[name]) ? [name.toLowerCase()] : [])));
  const known = new Set(fields.map((field) => field.toLowerCase()));
  const absent = fields.filter((field) => !given.has(field.toLowerCase()));
  return written.flatMap((name) => {
    const field =
      /^\w{1,60}$/.test(name) && !known.has(name.toLowerCase())
        ? nearestWord(name, absent, { most: mostTypos })
        : undefined;
    return field === undefined ? [] : [{ written: name, field }];
  });
}

function isSet(value: unknown): boolean {
  return value !== undefined && value !== null && value !== '';
}
