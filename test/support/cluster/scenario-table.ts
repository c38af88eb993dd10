import type { Played } from './play-scenario.ts';

/** A table of what was played, with a column for each version of etcd. */
export function scenarioTable(played: readonly Played[]): string {
  const versions = [...new Set(played.map(({ version }) => version))];
  const names = [...new Set(played.map(({ name }) => name))];
  const head = ['Scenario', ...versions.map((version) => `etcd ${version}`), 'Seen'];
  const rows = names.map((name) => {
    const all = played.filter((each) => each.name === name);
    const cells = versions.map((version) => cell(all.filter((each) => each.version === version)));
    return [name, ...cells, [...new Set(all.flatMap(({ notes }) => notes))].join('; ')];
  });
  const lines = [head, head.map(() => '---'), ...rows];
  return lines.map((line) => `| ${line.join(' | ')} |`).join('\n');
}

/** The worst of each number, in seconds: whole again, without a write, not in the store. */
function cell(played: readonly Played[]): string {
  if (played.length === 0) {
    return 'not played';
  }
  const worst = (of: (each: Played) => number): string => (Math.max(...played.map(of)) / 1_000).toFixed(1);
  const times = [
    worst(({ untilWholeMs }) => untilWholeMs),
    worst(({ silenceMs }) => silenceMs),
    worst(({ unprotectedMs }) => unprotectedMs),
  ];
  return times.join(' / ');
}
