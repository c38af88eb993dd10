import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { setPriority, constants as systemConstants } from 'node:os';
import type { Readable } from 'node:stream';
import * as z from 'zod/mini';
import { placedOptions } from '../config/command-spec.ts';
import type { Revision } from '../revision.ts';
import { Failure } from '../runtime/failure.ts';
import { countText } from '../runtime/log/amount.ts';
import { loadCoreBinding } from '../runtime/process/core-binding.ts';
import type { Proof } from '../server/proof.ts';
import type { ServerInvocation } from './server-invocation.ts';
import { verifyCommand } from './verify.ts';

/** The result of `verify` is not larger, bytes. */
const mostOutput = 8 * 1024 * 1024;
/** So many problems are passed on; the command names all. */
const mostProblems = 20;

const report = z.object({
  sound: z.boolean(),
  provableRevision: z.nullable(z.int().check(z.nonnegative())),
  provableStateOf: z.nullable(z.string()),
  recorded: z.optional(z.nullable(z.string())),
  findings: z.array(
    z.object({
      weight: z.string(),
      snapshot: z.nullable(z.string()),
      text: z.string(),
      unopened: z.optional(z.boolean()),
    }),
  ),
});

/** The default schedule of the verification: once a day, at a time that follows from the names of the pod and the store. */
export function dailySchedule(name: string): string {
  const minute = createHash('sha256').update(name).digest().readUInt32BE(0) % 1_440;
  return `${minute % 60} ${Math.floor(minute / 60)} * * *`;
}

/**
 * Restores the newest chain into a scratch directory, in a process of its own with the lowest priority on one core: what it takes of
 * memory is free again when it ends, it waits where others want to compute, and all other cores are left alone. The process gets the
 * flags of the store from our command line, and everything else as we did. The database is written below `tempDir`.
 */
export async function proveInProcess(
  {
    flags,
    program,
    context,
    tempDir,
  }: Pick<ServerInvocation, 'flags' | 'program' | 'context'> & { readonly tempDir: string },
  { signal }: { readonly signal: AbortSignal },
): Promise<Proof> {
  const [command = '', ...prefix] = program;
  const how = ['--level=restore', '--sample=0', '--record', '--output=json', `--temp-dir=${tempDir}`];
  const args = [...prefix, 'verify', ...how, ...passedOn(flags)];
  const bind = await loadCoreBinding();
  const child = spawn(command, args, {
    env: context.environment as NodeJS.ProcessEnv,
    stdio: ['ignore', 'pipe', 'pipe'],
    signal,
    killSignal: 'SIGTERM',
  });
  const ended = Promise.withResolvers<number | undefined>();
  child.once('error', ended.reject);
  child.once('close', (code) => ended.resolve(code ?? undefined));
  if (child.pid !== undefined) {
    lowerPriority(child.pid);
    if (!bind(child.pid)) {
      context.log.debug('The verification is not bound to one core: this system does not allow it');
    }
  }
  const [output, errors, exitCode] = await Promise.all([
    boundedText(child.stdout),
    boundedText(child.stderr),
    ended.promise,
  ]);
  signal.throwIfAborted();
  const parsed = report.safeParse(parsedJson(output));
  if (!parsed.success) {
    throw notTried(errors, exitCode);
  }
  const { sound, provableRevision, provableStateOf, recorded, findings } = parsed.data;
  const wrong = findings.filter(({ weight }) => weight === 'problem');
  if (wrong.length > 0 && wrong.every(({ unopened }) => unopened === true)) {
    // Nothing says that it is damaged.
    throw unopenedFailure(`${countText(wrong.length, 'object')} of it could not be opened, and nothing else is wrong`);
  }
  const problems = wrong.map(({ snapshot, text }) => (snapshot === null ? text : `${snapshot}: ${text}`));
  if (sound && recorded === null) {
    context.log.warn(
      `The proof was not written into the store, so fleet list does not show it: ${saidIn(errors) ?? ''}`,
    );
  }
  return {
    sound: sound && (exitCode === 0 || recorded === null),
    // `verify` has read it as a revision.
    provable: (provableRevision ?? undefined) as Revision | undefined,
    stateOf: provableStateOf === null ? undefined : timeOf(provableStateOf),
    problems: problems.slice(0, mostProblems),
  };
}

/** The failure of a proof of what is encrypted, and what no identity that was given opens. */
export function unopenedFailure(found: string): Failure {
  return new Failure({
    code: 'no_identity',
    action: 'verify',
    object: 'the newest backup',
    found,
    remedy:
      'give --identity with the secret key of one of its recipients, or --verification-schedule off and run etcdbrctl verify where that key is',
  });
}

/** Those of our flags that `verify` has, too. */
function passedOn(flags: ReadonlyMap<string, readonly string[]>): readonly string[] {
  const own = new Set(['level', 'sample', 'record', 'output', 'temp-dir', 'log-level', 'log-format', 'print-config']);
  const known = placedOptions(verifyCommand.spec).map(({ spec }) => spec.flag);
  return known
    .filter((flag) => !own.has(flag))
    .flatMap((flag) => (flags.get(flag) ?? []).filter((text) => text !== '').map((text) => `--${flag}=${text}`));
}

/** On Linux each thread has a priority of its own, which those that it makes get from it: the first one makes all. */
function lowerPriority(pid: number): void {
  lower(pid);
  for (const thread of process.platform === 'linux' ? threadsOf(pid) : []) {
    lower(thread);
  }
}

function lower(thread: number): void {
  try {
    setPriority(thread, systemConstants.priority.PRIORITY_LOW);
  } catch {
    // It has ended, or the system has no priorities.
  }
}

function threadsOf(pid: number): readonly number[] {
  try {
    return readdirSync(`/proc/${pid}/task`).map(Number);
  } catch {
    return []; // It has ended.
  }
}

function timeOf(text: string): number | undefined {
  const ms = Date.parse(text.replace(/^before /, ''));
  return Number.isNaN(ms) ? undefined : ms;
}

function notTried(errors: string, exitCode: number | undefined): Failure {
  return new Failure({
    code: 'verify_untried',
    action: 'verify',
    object: 'the newest backup',
    found: saidIn(errors) ?? `the process ended with ${exitCode ?? 'a signal'} and no result`,
    remedy: 'see etcdbrctl verify --level restore',
  });
}

/** The error that a command ended with. */
function saidIn(errors: string): string | undefined {
  return /^error: (.*)$/m.exec(errors)?.[1];
}

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The text of a stream; what is beyond the bound is read and dropped. */
async function boundedText(stream: Readable): Promise<string> {
  const pieces: Buffer[] = [];
  let size = 0;
  for await (const piece of stream as AsyncIterable<Buffer>) {
    size += piece.length;
    if (size <= mostOutput) {
      pieces.push(piece);
    }
  }
  return Buffer.concat(pieces).toString('utf8');
}
