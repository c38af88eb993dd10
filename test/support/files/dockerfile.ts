/** One instruction of a Dockerfile. */
export interface Instruction {
  /** In capitals, such as `COPY`. */
  readonly name: string;
  /** What follows it, on one line. */
  readonly text: string;
}

/** A stage of a Dockerfile. */
export interface Stage {
  /** The image that it begins with. */
  readonly from: string;
  /** The name after `AS`. */
  readonly name: string | undefined;
  readonly instructions: readonly Instruction[];
}

/** The stages of a Dockerfile, in order. Throws for what comes before the first and for a line that is no instruction. */
export function stagesOf(dockerfile: string): readonly Stage[] {
  const lines = dockerfile
    .split('\n')
    .filter((line) => !/^\s*#/.test(line))
    .join('\n')
    .replace(/\\\n/g, ' ')
    .split('\n')
    .map((line) => line.trim().replace(/\s+/g, ' '))
    .filter((line) => line !== '');
  const stages: { from: string; name: string | undefined; instructions: Instruction[] }[] = [];
  for (const line of lines) {
    const [, name, text] = /^([A-Z]+) (.+)$/.exec(line) ?? [];
    if (name === undefined || text === undefined) {
      throw new Error(`no instruction: ${line}`);
    }
    if (name === 'FROM') {
      const [from = '', as, stage] = text.split(' ');
      stages.push({ from, name: as === 'AS' ? stage : undefined, instructions: [] });
    } else {
      const stage = stages.at(-1);
      if (stage === undefined) {
        throw new Error(`it is of no stage: ${line}`);
      }
      stage.instructions.push({ name, text });
    }
  }
  return stages;
}
