import type { TourStep } from './steps.ts';

/** A step, and what the commands printed. */
export interface RecordedStep extends TourStep {
  readonly output: string;
}

/** The text of docs/tour.md. */
export function tourDocument(
  recorded: readonly RecordedStep[],
  made: { readonly etcd: string; readonly seconds: number },
): string {
  const parts = recorded.map(({ says, types, output }) => {
    const typed = types.split('\n').map((line) => `$ ${line}`);
    return `${says}\n\n\`\`\`console\n${[...typed, ...lines(output)].join('\n')}\n\`\`\`\n`;
  });
  return `# A tour

Recorded by \`make tour\` from a real run with etcd ${made.etcd}, which took ${made.seconds} seconds; nothing in it was written by hand. All
but \`snapshot\` log warnings alone (\`ETCDBRCTL_LOG_LEVEL=warn\`). \`make quickstart\` plays a longer tour on your machine.

![The tour as a terminal shows it](images/tour.svg)

${parts.join('\n')}`;
}

/** Lines of an output, without those that are empty. */
export function lines(output: string): readonly string[] {
  return output.split('\n').filter((line) => line.trim() !== '');
}
