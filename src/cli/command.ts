import type { CommandSpec, ConfigOf, OptionGroups } from '../config/command-spec.ts';
import type { PodEnvironment } from '../config/environment.ts';
import type { loggingOptions } from '../config/options/logging.ts';
import type { ValueSource } from '../config/value-source.ts';
import type { Host } from './host.ts';
import type { CommandContext } from './session.ts';

/** Every command can be told how to log. */
export type CommandGroups = OptionGroups & { readonly logging: typeof loggingOptions };

/** What a command is called with. */
export interface Invocation<G extends CommandGroups> {
  readonly config: ConfigOf<G>;
  /** Where each option's value came from, by flag. */
  readonly sources: ReadonlyMap<string, ValueSource>;
  readonly pod: PodEnvironment;
  /** The word without a flag; empty for a command that takes none. */
  readonly operand: string;
  readonly context: CommandContext;
  /** Writes to stdout; the text ends with a newline. */
  print(text: string): void;
}

/** A command, ready to be given the flags of a command line. */
export interface Command<G extends OptionGroups = OptionGroups> {
  readonly spec: CommandSpec<G>;
  execute(given: ParsedArguments, host: Host): Promise<void>;
}

/** A command line, taken apart. */
export interface ParsedArguments {
  /** Texts by flag, in their order. */
  readonly flags: ReadonlyMap<string, readonly string[]>;
  /** Empty for a command that takes none. */
  readonly operand: string;
}

/** Joins a command's declaration with what it does: options in, one call, a printed result out. */
export function command<G extends CommandGroups>(
  spec: CommandSpec<G>,
  act: (invocation: Invocation<G>) => Promise<void>,
): Command<G> {
  return {
    spec,
    async execute({ flags, operand }, host) {
      const { loadConfig } = await import('../config/load-config.ts');
      const loaded = await loadConfig(spec, { flags, environment: host.environment });
      const { openSession } = await import('./session.ts');
      using session = await openSession(loaded.config.logging, host);
      for (const warning of loaded.warnings) {
        session.context.log.warn(warning);
      }
      const { podEnvironment } = await import('../config/environment.ts');
      const { signal } = session.context;
      try {
        await act({
          config: loaded.config,
          sources: loaded.sources,
          pod: podEnvironment(host.environment),
          operand,
          context: session.context,
          print: (text) => host.stdout.write(text),
        });
      } catch (error) {
        throw signal.aborted && isConsequenceOf(error, signal.reason) ? signal.reason : error;
      }
    },
  };
}

/** Whether an operation failed only because it was told to end; then the interruption is what matters. */
function isConsequenceOf(error: unknown, reason: unknown): boolean {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if (cause === reason || cause.name === 'AbortError') {
      return true;
    }
  }
  return false;
}
