/** The command that restores, or tries to: what it advises has to be something that it can do. */
export type RestoringCommand = 'restore' | 'initialize' | 'compact' | 'verify' | 'lookup';

/** What a command does with a state, as it reads after the flags that {@link withFlags} names. */
export function verbOf(command: RestoringCommand): 'restore' | 'read' {
  return command === 'lookup' ? 'read' : 'restore';
}

/** How another state is restored with flags of `restore`, as it reads before "to restore …": other commands have no such flags, or others. */
export function withFlags(command: RestoringCommand, flags: string): string {
  switch (command) {
    case 'restore':
      return `give ${flags}`;
    case 'lookup':
      return `give ${flags.replaceAll('--to-', '--')}`;
    case 'initialize':
    case 'compact':
    case 'verify':
      return `run etcdbrctl restore ${flags}`;
    default:
      return command satisfies never;
  }
}
