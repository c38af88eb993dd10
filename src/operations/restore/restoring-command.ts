/** The command that restores, or tries to: what it advises has to be something that it can do. */
export type RestoringCommand = 'restore' | 'initialize' | 'compact' | 'verify';

/** How another state is restored with flags of `restore`, as it reads before "to restore …": other commands have no such flags. */
export function withFlags(command: RestoringCommand, flags: string): string {
  return command === 'restore' ? `give ${flags}` : `run etcdbrctl restore ${flags}`;
}
