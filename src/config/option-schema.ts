import * as z from 'zod';
import { integerLimits } from './accepted-values.ts';
import { formatDuration } from './duration.ts';
import type { OptionSpec, TextRule } from './option.ts';
import type { OptionValue } from './option-value.ts';
import { textChecks } from './text-rules.ts';

/** The rules of an option's declaration as a schema; its issues say what is wrong in a few words. */
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
          ? await ruledText(spec.rule)
          : z.enum([...spec.choices], { error: 'it is none of those' });
      return spec.default === undefined ? text.optional() : text;
    }
    case 'strings':
    case 'stringArray':
      return z.array(await ruledText(spec.rule)).readonly();
    default:
      return spec satisfies never;
  }
}

function tooShort(above: number): string {
  return above <= 0 ? 'it is not a positive time' : `it is not longer than ${formatDuration(above)}`;
}

async function ruledText(rule: TextRule | undefined): Promise<z.ZodType<string, unknown>> {
  if (rule === undefined) {
    return z.string();
  }
  if (rule === 'cron') {
    const { readCronSchedule } = await import('./cron-schedule.ts');
    return z.string().transform((text, context) => {
      const reading = readCronSchedule(text);
      if ('fields' in reading) {
        return reading.fields;
      }
      context.addIssue({ code: 'custom', message: reading.wrong });
      return z.NEVER;
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
