import { firstRole, transitions } from '../src/server/transitions.ts';

/** The table of a sidecar's roles as a diagram for docs/architecture.md. Sights that change nothing are left out. */
export function transitionsDrawing(): string {
  const arrows = transitions
    .filter(({ from, to, commands }) => from !== to || commands.length > 0)
    .map(({ from, seen, to, commands }) => {
      const does = commands.length === 0 ? '' : ` (${commands.join(', ')})`;
      return `    ${from} --> ${to}: sees ${seen === 'nothing' ? seen : `a ${seen}`}${does}`;
    });
  return ['```mermaid', 'stateDiagram-v2', `    [*] --> ${firstRole}`, ...arrows, '```'].join('\n');
}
