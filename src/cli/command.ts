import type { CommandSpec, ConfigOf, Operand, OptionGroups } from '../config/command-spec.ts';
import type { PodEnvironment } from '../config/environment.ts';
import { configFileOptions } from '../config/options/config-file.ts';
import type { loggingOptions } from '../config/options/logging.ts';
import { UsageFailure } from '../config/usage-failure.ts';
import type { ValueSource } from '../config/value-source.ts';
import { Failure } from '../runtime/failure.ts';
import { isConsequenceOf } from '../runtime/process/is-consequence-of.ts';
import { LeftUndone } from '../runtime/process/left-undone.ts';
import type { Host } from './host.ts';
import type { CommandContext } from './session.ts';

/** Every command has the options for logging. */
export type CommandGroups = OptionGroups & { readonly logging: typeof loggingOptions };

/** What a command runs with. */
export interface Invocation<G extends CommandGroups> {
  readonly config: ConfigOf<G>;
  /** Flags of the options that a flag, a variable or a file gave a value. */
  readonly given: ReadonlySet<string>;
  /** Texts of the flags of the command line. */
  readonly flags: ReadonlyMap<string, readonly string[]>;
  /** See {@link Host.program}. */
  readonly program: readonly string[];
  readonly pod: PodEnvironment;
  readonly context: CommandContext;
  /** The arguments as anybody may see them, without secrets. */
  commandLine(): Promise<readonly string[]>;
  /** Writes to stdout; a text ends with a newline. Throws a Failure `result_unwritten`. */
  print(text: string | Uint8Array): Promise<void>;
}

/** Everything about one command: how help explains it, its options, and what it does. */
export type CommandDefinition<G extends CommandGroups> = FlagsDefinition<G> | OperandDefinition<G>;

interface FlagsDefinition<G extends CommandGroups> extends CommandSpec<G> {
  readonly operand?: undefined;
  /** How long it may take to end after the first signal, ms; 10 s when left out. */
  readonly stopMs?: number;
  /** Calls the operation and prints its result. */
  run(invocation: Invocation<G>): Promise<void>;
}

interface OperandDefinition<G extends CommandGroups> extends CommandSpec<G> {
  readonly operand: Operand;
  readonly stopMs?: undefined;
  /** Calls the operation with the arguments without a flag and prints its result; `operand` is the first, empty where there may be none. */
  run(invocation: Invocation<G> & { readonly operand: string; readonly operands: readonly string[] }): Promise<void>;
}

/** A command, ready for the arguments of a command line. */
export interface Command<G extends OptionGroups = OptionGroups> {
  readonly spec: CommandSpec<G>;
  execute(given: ParsedArguments, host: Host): Promise<void>;
}

/** What a command line gives to a command. */
export interface ParsedArguments {
  /** Texts by flag, in their order. */
  readonly flags: ReadonlyMap<string, readonly string[]>;
  /** The arguments without a flag. */
  readonly operands: readonly string[];
  /** One sentence for each flag of an older release. */
  readonly deprecations?: readonly string[];
}

/** Makes a command that takes a configuration file, loads its configuration, opens a session and then runs. */
export function command<G extends CommandGroups>(definition: OperandDefinition<G>): Command<G>;
export function command<G extends CommandGroups>(definition: FlagsDefinition<G>): Command<G>;
export function command<G extends CommandGroups>(definition: CommandDefinition<G>): Command<G> {
  const groups = { ...definition.groups, configFile: configFileOptions };
  const spec: CommandSpec<G> = { ...definition, groups };
  return {
    spec,
    async execute({ flags, operands, deprecations = [] }, host) {
      const run = runWith(definition, operands);
      const { loadConfig } = await import('../config/load-config.ts');
      const loaded = await loadConfig(spec, { flags, environment: host.environment });
      const { config, sources, warnings } = loaded;
      if (asksForConfig(config)) {
        const { printedConfig } = await import('../config/printed-config.ts');
        await host.stdout.write(printedConfig(spec, loaded));
        return;
      }
      const { openSession } = await import('./session.ts');
      using session = await openSession(config.logging, host, { graceMs: definition.stopMs });
      const { context } = session;
      for (const warning of [...deprecations, ...warnings]) {
        context.log.warn(warning);
      }
      const given = givenFlags(sources);
      for (const note of notesWithoutEffect(definition, given)) {
        context.log.debug(note);
      }
      const { podEnvironment } = await import('../config/environment.ts');
      const pod = podEnvironment(host.environment);
      const commandLine = async (): Promise<readonly string[]> => {
        const { shownCommandLine } = await import('../config/shown-command-line.ts');
        return shownCommandLine(spec, flags);
      };
      try {
        await run({
          config,
          given,
          flags,
          program: host.program,
          pod,
          context,
          commandLine,
          print: (text) => printed(host, text),
        });
      } catch (error) {
        const { signal } = context;
        if (error instanceof LeftUndone) {
          throw error;
        }
        throw signal.aborted && isConsequenceOf(error, signal.reason) ? signal.reason : error;
      }
    },
  };
}

/** Writes a result. Where that fails, the failure says that the work is done. */
async function printed({ stdout }: Pick<Host, 'stdout'>, text: string | Uint8Array): Promise<void> {
  try {
    await stdout.write(text);
  } catch (error) {
    const isUnwritten = error instanceof Failure && error.code === 'result_unwritten';
    throw isUnwritten ? error.advising('what the command did before stays done') : error;
  }
}

/** What the command does, with its operands if it takes any. Throws a {@link UsageFailure} when one is missing. */
function runWith<G extends CommandGroups>(
  definition: CommandDefinition<G>,
  operands: readonly string[],
): (invocation: Invocation<G>) => Promise<void> {
  if (definition.operand === undefined) {
    return (invocation) => definition.run(invocation);
  }
  const [operand = ''] = operands;
  if (operands.length < (definition.operand.count?.least ?? 1)) {
    const missing = definition.operand.placeholder.split(' ').slice(operands.length);
    const [is, it] = missing.length > 1 ? ['are', 'them'] : ['is', 'it'];
    throw new UsageFailure({
      action: 'run',
      object: definition.name,
      found: `${missing.join(' and ')} ${is} missing`,
      remedy: `give ${it} after the flags; see etcdbrctl ${definition.name} --help`,
    });
  }
  return (invocation) => definition.run({ ...invocation, operand, operands });
}

/** Every command has the options of {@link configFileOptions}, which the types of its own groups do not say. */
function asksForConfig(config: Readonly<Record<string, unknown>>): boolean {
  const values: unknown = config['configFile'];
  return typeof values === 'object' && values !== null && 'printConfig' in values && values.printConfig === true;
}

function givenFlags(sources: ReadonlyMap<string, ValueSource>): ReadonlySet<string> {
  return new Set([...sources].flatMap(([flag, { kind }]) => (kind === 'default' ? [] : flag)));
}

/** One sentence for each option that was given though it changes nothing. */
function notesWithoutEffect(spec: CommandSpec, given: ReadonlySet<string>): readonly string[] {
  return Object.values(spec.groups).flatMap(({ options, withoutEffect }) =>
    withoutEffect === undefined
      ? []
      : Object.values(options)
          .filter(({ flag }) => given.has(flag))
          .map(({ flag }) => `--${flag} is accepted, but ${withoutEffect}`),
  );
}
