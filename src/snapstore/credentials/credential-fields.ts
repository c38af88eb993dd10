import * as z from 'zod';
import { cleanText, type TextKind } from '../../runtime/clean-text.ts';
import { credentialFailure } from './credential-failure.ts';
import type { RawFields } from './credential-file.ts';
import type { StrayField } from './stray-fields.ts';

/** The fields of one provider's credentials. Its checks refuse half-set pairs, see {@link together}. */
export type CredentialSchema = z.ZodObject;

/**
 * A field that is true or false: a JSON boolean, or text as field files and environment variables hold it, in the spellings
 * of Go's strconv.ParseBool.
 */
export const booleanField = z.union([z.boolean(), z.string()]).transform((value, context) => {
  if (typeof value === 'boolean') {
    return value;
  }
  if (['1', 't', 'T', 'TRUE', 'true', 'True'].includes(value)) {
    return true;
  }
  if (['0', 'f', 'F', 'FALSE', 'false', 'False'].includes(value)) {
    return false;
  }
  context.addIssue({ code: 'custom', message: 'must be true or false' });
  return z.NEVER;
});

/** A check for a schema's `superRefine`: of the named fields, all are set or none. */
export function together(...names: readonly string[]): (fields: RawFields, context: z.RefinementCtx) => void {
  return (fields, context) => {
    const absent = names.filter((name) => fields[name] === undefined);
    if (absent.length === names.length) {
      return;
    }
    const present = names.filter((name) => fields[name] !== undefined).join(', ');
    for (const name of absent) {
      context.addIssue({ code: 'custom', path: [name], message: `is missing next to ${present}` });
    }
  };
}

/**
 * Picks the schema's fields out of what was written. Names in another case are accepted, as Go's JSON reader does;
 * an empty text or null counts as absent; fields the schema does not know are left out.
 */
function knownFields(raw: RawFields, schema: CredentialSchema): RawFields {
  const fields: Record<string, unknown> = {};
  for (const name of Object.keys(schema.shape)) {
    const written = name in raw ? name : Object.keys(raw).find((key) => key.toLowerCase() === name.toLowerCase());
    const value = written === undefined ? undefined : raw[written];
    if (value !== undefined && value !== null && value !== '') {
      fields[name] = value;
    }
  }
  return fields;
}

/** How the text of a field is cleaned where it is not a word or an address. */
const textKinds: Readonly<Record<string, TextKind | 'untouched'>> = {
  trustedCaCert: 'lines',
  private_key: 'lines',
  password: 'secret',
  applicationCredentialSecret: 'secret',
  // Any bytes make a key.
  sseCustomerKey: 'untouched',
};

/** The fields without what people add by accident, see {@link cleanText}, and what is wrong with the others. */
function cleanFields(
  raw: RawFields,
  schema: CredentialSchema,
): { readonly fields: RawFields; readonly faults: Faults } {
  const fields: Record<string, unknown> = {};
  const faults: { name: string; missing: boolean; text: string }[] = [];
  for (const [name, value] of Object.entries(knownFields(raw, schema))) {
    const kind = Object.hasOwn(textKinds, name) ? (textKinds[name] ?? 'words') : 'words';
    if (typeof value !== 'string' || kind === 'untouched') {
      fields[name] = value;
      continue;
    }
    const cleaned = cleanText(value, kind);
    if ('wrong' in cleaned) {
      faults.push({ name, missing: false, text: cleaned.wrong.replace(/^it /, '') });
    } else if (cleaned.value !== '') {
      fields[name] = cleaned.value;
    }
  }
  return { fields, faults };
}

type Faults = readonly { readonly name: string; readonly missing: boolean; readonly text: string }[];

/** How fields are called in messages. */
export interface FieldNaming {
  /** The file, directory or variables they were read from. */
  readonly where: string;
  /** `field` by default; they may be files or variables. */
  readonly noun?: string;
  /** What a field is called there, if not by its own name. */
  readonly nameOf?: (field: string) => string;
  /** Names that are written there and look like misspelt ones, with what they are taken for. */
  readonly strays?: readonly StrayField[];
}

/**
 * Checks fields against the schema. Throws `credentials_incomplete` when the only fault is that something is missing,
 * else `credentials_invalid`; all faults are named in one line, none with its value.
 */
export function parseFields<Schema extends CredentialSchema>(
  raw: RawFields,
  { schema, where, noun = 'field', nameOf = (field) => field, strays = [] }: FieldNaming & { readonly schema: Schema },
): z.output<Schema> {
  const { fields, faults } = cleanFields(raw, schema);
  const result = faults.length === 0 ? schema.safeParse(fields) : undefined;
  if (result?.success) {
    return result.data;
  }
  const found = [...faults, ...(result?.error.issues.map((issue) => faultOf(issue, fields)) ?? [])];
  const meant = (name: string): string => {
    const stray = strays.find(({ field }) => field === name);
    return stray === undefined ? '' : ` (is "${stray.written}" meant for it?)`;
  };
  throw credentialFailure(found.every(({ missing }) => missing) ? 'incomplete' : 'invalid', {
    where,
    found: found
      .map(({ name, text }) => (name === '' ? text : `${noun} "${nameOf(name)}" ${text}${meant(name)}`))
      .join(', '),
  });
}

function faultOf(issue: z.core.$ZodIssue, fields: RawFields): Faults[number] {
  const name = String(issue.path[0] ?? '');
  const missing = name !== '' && fields[name] === undefined;
  return { name, missing, text: missing && issue.code !== 'custom' ? 'is missing' : demand(issue) };
}

/** What a value must be, in words; zod's own words begin with "Invalid input". */
function demand(issue: z.core.$ZodIssue): string {
  if (issue.code === 'invalid_type') {
    return `must be a ${issue.expected}`;
  }
  return issue.code === 'invalid_value' ? `must be one of ${issue.values.join(', ')}` : issue.message;
}
