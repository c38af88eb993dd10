// The small form of zod: every start of a container loads it.
import * as z from 'zod/mini';
import { integerLimits } from './accepted-values.ts';
import { formatDuration } from './duration.ts';
import type { CheckedRule, OptionSpec, ParsedText, TextRule } from './option.ts';
import type { OptionValue } from './option-value.ts';
import { isParsed, textChecks, textParsers } from './text-rules.ts';

/** The rules of an option's declaration as a schema; its issues say what is wrong. */
export async function optionSchema(spec: OptionSpec): Promise<z.ZodMiniType<OptionValue, unknown>> {
  switch (spec.type) {
    case 'bool':
      return z.boolean();
    case 'duration':
      return spec.above === undefined
        ? z.number()
        : z.number().check(z.gt(spec.above, { error: () => tooShort(spec.above ?? 0) }));
    case 'int':
    case 'uint':
    case 'uint32': {
      const { min, max } = integerLimits(spec);
      return z
        .int()
        .check(
          z.minimum(min ?? Number.MIN_SAFE_INTEGER, { error: `it is less than ${min}` }),
          z.maximum(max ?? Number.MAX_SAFE_INTEGER, { error: `it is more than ${max}` }),
        );
    }
    case 'string': {
      const text =
        spec.choices === undefined
          ? await textSchema(spec.rule)
          : z.enum([...spec.choices], { error: 'it is none of those' });
      return spec.default === undefined ? z.optional(text) : text;
    }
    case 'strings':
    case 'stringArray':
      return z.readonly(z.array(await textSchema(spec.rule)));
    default:
      return spec satisfies never;
  }
}

function tooShort(above: number): string {
  return above <= 0 ? 'it is not a positive time' : `it is not longer than ${formatDuration(above)}`;
}

async function textSchema(rule: TextRule | undefined): Promise<z.ZodMiniType<string | ParsedText, unknown>> {
  if (!isParsed(rule)) {
    return await checkedText(rule);
  }
  const parse = textParsers[rule];
  return parsedText((text) => {
    const reading = parse(text);
    return 'value' in reading ? { value: reading.value } : reading;
  });
}

async function checkedText(rule: CheckedRule | undefined): Promise<z.ZodMiniType<string, unknown>> {
  if (rule === undefined) {
    return z.string();
  }
  if (rule === 'cron' || rule === 'cron or off') {
    const { readCronSchedule } = await import('./cron-schedule.ts');
    return parsedText((text) => {
      if (rule === 'cron or off' && text === 'off') {
        return { value: text };
      }
      const reading = readCronSchedule(text);
      return 'fields' in reading ? { value: reading.fields } : reading;
    });
  }
  const check = textChecks[rule];
  return parsedText((text) => {
    const wrong = check(text);
    return wrong === undefined ? { value: text } : { wrong };
  });
}

/** A text that `read` turns into a value, or says what is wrong with. */
function parsedText<T>(
  read: (text: string) => { readonly value: T } | { readonly wrong: string },
): z.ZodMiniType<T, unknown> {
  const reading = z.transform((text: string, context: z.core.ParsePayload): T => {
    const result = read(text);
    if ('value' in result) {
      return result.value;
    }
    context.issues.push({ code: 'custom', message: result.wrong, input: text });
    return z.NEVER;
  });
  return z.pipe(z.string(), reading);
}
