import type { ConfigOf } from '../config/command-spec.ts';
import type { PodEnvironment } from '../config/environment.ts';
import type { ServerGroups } from './server-groups.ts';
import type { CommandContext } from './session.ts';

/** What a server was asked for. */
export interface ServerInvocation {
  readonly config: ConfigOf<ServerGroups>;
  readonly given: ReadonlySet<string>;
  /** Texts of the flags of the command line. */
  readonly flags: ReadonlyMap<string, readonly string[]>;
  /** The command that starts this program once more. */
  readonly program: readonly string[];
  readonly pod: PodEnvironment;
  readonly context: CommandContext;
}
