import { cleanText } from '../runtime/clean-text.ts';
import { nearestWord } from '../runtime/nearest-word.ts';
import { describeAccepted } from './accepted-values.ts';
import { checkNameOrPath } from './check-name-or-path.ts';
import { checkedValue } from './checked-value.ts';
import { parseDuration } from './duration.ts';
import { lostPlace } from './lost-place.ts';
import type { ListOption, OptionSpec, TextOption } from './option.ts';
import { type OptionValue, readOptionValue } from './option-value.ts';
import { shownValue } from './shown-value.ts';
import { isParsed } from './text-rules.ts';
import { UsageFailure } from './usage-failure.ts';
import { type GivenValue, nameAtSource } from './value-source.ts';

/**
 * The value of an option, validated, or its default when it was given none. Throws a {@link UsageFailure} that names option and
 * source and says what is accepted; the text itself is quoted only when it cannot be a secret, see {@link shownValue}.
 */
export async function validatedValue(spec: OptionSpec, given: GivenValue | undefined): Promise<OptionValue> {
  if (given === undefined) {
    const value = await defaultValue(spec);
    refuseLostPlace(spec, { texts: [], source: { kind: 'default' } }, value);
    return value;
  }
  const texts = cleanTexts(spec, given);
  const reading = readOptionValue(spec, texts, given.source.kind);
  if ('wrong' in reading) {
    throw badValue(spec, { ...given, texts }, reading);
  }
  if (spec.zeroIsDefault === true && reading.value === 0) {
    return await defaultValue(spec);
  }
  refuseWrongPlace(spec, given, reading.value);
  refuseLostPlace(spec, given, reading.value);
  const checked = await checkedValue(spec, reading.value);
  if ('wrong' in checked) {
    throw badValue(spec, { ...given, texts: checked.item === undefined ? texts : [checked.item] }, checked);
  }
  return withoutNone(spec, checked.value);
}

function cleanTexts(spec: OptionSpec, given: GivenValue): readonly string[] {
  if (spec.type === 'strings' || spec.type === 'stringArray') {
    // Each item is cleaned by itself.
    return given.texts;
  }
  return given.texts.map((text) => {
    const cleaned = cleanText(text, spec.secret === true ? 'secret' : 'words');
    if ('wrong' in cleaned) {
      throw badValue(spec, { ...given, texts: [] }, cleaned);
    }
    return cleaned.value;
  });
}

function refuseWrongPlace(spec: OptionSpec, given: GivenValue, value: unknown): void {
  const isFree = spec.type !== 'bool' && 'rule' in spec ? spec.rule === 'not empty' : !('choices' in spec);
  if (spec.secret === true || !isFree) {
    return;
  }
  for (const text of Array.isArray(value) ? value : [value]) {
    const refusal = typeof text === 'string' ? checkNameOrPath(text, spec.placeholder) : undefined;
    if (refusal !== undefined) {
      throw badValue(spec, { ...given, texts: [] }, refusal);
    }
  }
}

function refuseLostPlace(spec: OptionSpec, given: GivenValue, value: OptionValue): void {
  const refusal = lostPlace(spec, value);
  if (refusal !== undefined) {
    throw badValue(spec, { ...given, texts: [] }, refusal);
  }
}

async function defaultValue(spec: OptionSpec): Promise<OptionValue> {
  switch (spec.type) {
    case 'duration':
      return withoutNone(spec, parseDuration(spec.default));
    case 'string':
    case 'strings':
    case 'stringArray':
      return isParsed(spec.rule) ? await parsedDefault(spec) : spec.default;
    default:
      return withoutNone(spec, spec.default);
  }
}

/** Throws an Error for a default that its own option refuses, a fault of the program. */
async function parsedDefault(spec: TextOption | ListOption): Promise<OptionValue> {
  const checked = await checkedValue(spec, spec.default);
  if ('wrong' in checked) {
    throw new Error(`the default of --${spec.flag} is not valid: ${checked.wrong}`);
  }
  return checked.value;
}

/** Undefined for the number with which users say that there is no value. */
function withoutNone(spec: OptionSpec, value: OptionValue): OptionValue {
  return 'none' in spec && value === spec.none ? undefined : value;
}

function badValue(
  spec: OptionSpec,
  given: GivenValue,
  { wrong, remedy }: { readonly wrong: string; readonly remedy?: string },
): UsageFailure {
  const text = given.texts.at(-1) ?? '';
  const shown = given.texts.length === 0 ? undefined : shownValue(spec, text);
  const meant = meantChoice(spec, text);
  const accepted = `accepted: ${describeAccepted(spec)}`;
  return new UsageFailure({
    action: 'use',
    object: `${nameAtSource(spec, given.source)}${shown === undefined ? '' : ` ${JSON.stringify(shown)}`}`,
    found: wrong,
    remedy: remedy ?? (meant === undefined ? accepted : `did you mean ${meant}? ${accepted}`),
  });
}

function meantChoice(spec: OptionSpec, text: string): string | undefined {
  if (spec.type !== 'string' || spec.choices === undefined) {
    return undefined;
  }
  const word = text.toLowerCase();
  return spec.otherWords !== undefined && Object.hasOwn(spec.otherWords, word)
    ? spec.otherWords[word]
    : nearestWord(text, spec.choices);
}
