import type { Invocation } from './command.ts';
import type { ServerGroups } from './server-groups.ts';

/** What a server was asked for. */
export type ServerInvocation = Omit<Invocation<ServerGroups>, 'commandLine' | 'print'>;
