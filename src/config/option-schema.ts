import * as z from 'zod';
import { integerLimits } from './accepted-values.ts';
import { formatDuration } from './duration.ts';
import type { CheckedRule, OptionSpec, ParsedText, TextRule } from './option.ts';
import type { OptionValue } from './option-value.ts';
import { isParsed, textChecks, textParsers } from './text-rules.ts';

/** The rules of an option's declaration as a schema; its issues say what is wrong. */
export async function optionSchema(spec: OptionSpec): Promise<z.ZodType<OptionValue, unknown>> {
  switch (spec.type) {
    case 'bool':
      return z.boolean();
    case 'duration':
      return spec.above === undefined
        ? z.number()
        : z.number().gt(spec.above, { error: () => tooShort(spec.above ?? 0) });
    case 'int':
    case 'uint':
    case 'uint32': {
      const { min, max } = integerLimits(spec);
      return z
        .int()
        .min(min ?? Number.MIN_SAFE_INTEGER, { error: `it is less than ${min}` })
        .max(max ?? Number.MAX_SAFE_INTEGER, { error: `it is more than ${max}` });
    }
    case 'string': {
      const text =
        spec.choices === undefined
          ? await textSchema(spec.rule)
          : z.enum([...spec.choices], { error: 'it is none of those' });
      return spec.default === undefined ? text.optional() : text;
    }
    case 'strings':
    case 'stringArray':
      return z.array(await textSchema(spec.rule)).readonly();
    default:
      return spec satisfies never;
  }
}

function tooShort(above: number): string {
  return above <= 0 ? 'it is not a positive time' : `it is not longer than ${formatDuration(above)}`;
}

async function textSchema(rule: TextRule | undefined): Promise<z.ZodType<string | ParsedText, unknown>> {
  if (!isParsed(rule)) {
    return await checkedText(rule);
  }
  const parse = textParsers[rule];
  return z.string().transform((text, context) => {
    const reading = parse(text);
    return 'value' in reading ? reading.value : refused(reading.wrong, context);
  });
}

async function checkedText(rule: CheckedRule | undefined): Promise<z.ZodType<string, unknown>> {
  if (rule === undefined) {
    return z.string();
  }
  if (rule === 'cron') {
    const { readCronSchedule } = await import('./cron-schedule.ts');
    return z.string().transform((text, context) => {
      const reading = readCronSchedule(text);
      return 'fields' in reading ? reading.fields : refused(reading.wrong, context);
    });
  }
  const check = textChecks[rule];
  return z.string().superRefine((text, context) => {
    const wrong = check(text);
    if (wrong !== undefined) {
      context.addIssue({ code: 'custom', message: wrong });
    }
  });
}

function refused(message: string, context: z.RefinementCtx): never {
  context.addIssue({ code: 'custom', message });
  return z.NEVER;
}
