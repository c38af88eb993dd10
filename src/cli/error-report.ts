import { environmentName } from '../config/option.ts';
import type { Environment } from '../runtime/environment.ts';
import { Failure } from '../runtime/failure.ts';
import type { FailureCode } from '../runtime/failure-code.ts';
import { firstError } from '../runtime/first-error.ts';
import { errorText } from '../runtime/log/error-text.ts';
import { printableJson } from '../runtime/log/printable.ts';
import { rfc3339 } from '../runtime/log/rfc3339.ts';
import { Interrupted } from '../runtime/process/interrupted.ts';

/** The text on stderr about an error, and how the program ends. */
export interface ErrorReport {
  /** Ends with a newline. */
  readonly text: string;
  readonly exitCode: number;
}

/** How errors are written. */
export interface ReportStyle {
  readonly format: 'text' | 'json';
  /** `all` adds the stack trace of faults. */
  readonly detail: 'one line' | 'all';
}

/** Writes an error as one line, `error: …`, or as one JSON object. */
export function reportError(error: unknown, style: ReportStyle): ErrorReport {
  const { message, code, exitCode, stack } = factsOf(error);
  const trace = style.detail === 'all' ? stack : undefined;
  if (style.format === 'json') {
    const facts = {
      level: 'error',
      time: rfc3339(Date.now()),
      code,
      exitCode,
      ...(trace === undefined ? {} : { stack: trace }),
    };
    return { text: `${printableJson(JSON.stringify({ ...facts, msg: message }))}\n`, exitCode };
  }
  return { text: `error: ${message}\n${trace === undefined ? '' : `${trace}\n`}`, exitCode };
}

interface ErrorFacts {
  readonly message: string;
  readonly code: FailureCode;
  readonly exitCode: number;
  readonly stack: string | undefined;
}

function factsOf(thrown: unknown): ErrorFacts {
  const error = firstError(thrown);
  const stack = error instanceof Error ? error.stack : undefined;
  if (error instanceof Failure) {
    return { message: withNextStep(error), code: error.code, exitCode: error.exitCode, stack: undefined };
  }
  if (error instanceof Interrupted) {
    return { message: error.message, code: 'interrupted', exitCode: error.exitCode, stack: undefined };
  }
  if (error instanceof Error && 'syscall' in error && 'code' in error) {
    return { message: errorText(error), code: 'system_error', exitCode: 1, stack };
  }
  return {
    message: `unexpected fault: ${errorText(error)}; run again with --log-level debug to see where, and report it`,
    code: 'unexpected',
    exitCode: 1,
    stack,
  };
}

/** What a store says of itself when it is not well has no next step of its own. */
function withNextStep(error: Failure): string {
  const isUnwell = error.code === 'store_transient' && error.remedy === undefined;
  return `${errorText(error)}${isUnwell ? '; it was tried again in vain: see what is wrong with the store, or run it again later' : ''}`;
}

/**
 * The style that a command line asks for, even if the rest of it cannot be parsed: JSON with `--log-format json`, stack
 * traces from `--log-level debug` on.
 */
export function reportStyle(argv: readonly string[], environment: Environment): ReportStyle {
  const format = lastValue('log-format', argv, environment);
  const level = lastValue('log-level', argv, environment);
  return {
    format: format === 'json' ? 'json' : 'text',
    detail: level === 'debug' || level === '5' || level === '6' ? 'all' : 'one line',
  };
}

function lastValue(flag: string, argv: readonly string[], environment: Environment): string | undefined {
  const at = argv.findLastIndex((word) => word === `--${flag}` || word.startsWith(`--${flag}=`));
  const word = argv[at];
  if (word === undefined) {
    return environment[environmentName(flag)];
  }
  return word.includes('=') ? word.slice(word.indexOf('=') + 1) : argv[at + 1];
}
