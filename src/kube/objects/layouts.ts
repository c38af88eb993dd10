import layouts from './layouts.json' with { type: 'json' };

/** How the value of a field is written: a form of its own, or a message, by the number of its layout. */
export type FieldForm =
  | 'string'
  | 'bool'
  | 'int'
  | 'bytes'
  | 'time'
  | 'microtime'
  | 'quantity'
  | 'intorstring'
  | 'json'
  | 'list'
  | number;

/** A field of a message, and how JSON has it. */
export interface FieldLayout {
  readonly name: string;
  readonly form: FieldForm;
  readonly occurs: 'once' | 'repeated' | 'map';
  /** It is there whenever it is written, empty or not. */
  readonly isPointer: boolean;
  /** Left out in JSON when it is empty and no pointer. */
  readonly omitsEmpty: boolean;
  /** The fields of its value are fields of the message around it. */
  readonly isInline: boolean;
}

/** The fields of a message by their numbers. */
export type MessageLayout = ReadonlyMap<number, FieldLayout>;

const kinds: Readonly<Record<string, number>> = layouts.kinds;
const known = new Map<number, MessageLayout>();

/** The layout of a kind; undefined when it is not known. `layouts.json` is written by scripts/kubernetes-schema.ts. */
export function layoutOfKind(apiVersion: string, kind: string): MessageLayout | undefined {
  const name = `${apiVersion} ${kind}`;
  const place = Object.hasOwn(kinds, name) ? kinds[name] : undefined;
  return place === undefined ? undefined : layoutAt(place);
}

/** The layout of a message by its number. */
export function layoutAt(place: number): MessageLayout {
  const found = known.get(place) ?? new Map((layouts.types[place] ?? []).map(fieldOf));
  known.set(place, found);
  return found;
}

/** Reads `NUMBER NAME FORM FLAGS`. */
function fieldOf(text: string): readonly [number, FieldLayout] {
  const [number, name = '', form = '', flags = ''] = text.split(' ');
  return [
    Number(number),
    {
      name,
      form: /^\d+$/.test(form) ? Number(form) : (form as FieldForm),
      occurs: flags.includes('m') ? 'map' : flags.includes('r') ? 'repeated' : 'once',
      isPointer: flags.includes('p'),
      omitsEmpty: flags.includes('e'),
      isInline: flags.includes('i'),
    },
  ];
}
