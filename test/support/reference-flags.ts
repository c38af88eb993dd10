import { readFileSync } from 'node:fs';
import { projectRoot } from './project-root.ts';

/** A flag as the reference program prints it. */
export interface ReferenceFlag {
  readonly name: string;
  readonly type: string;
  readonly default: string;
  readonly short?: string;
}

/** The flags of the reference program by command. */
export const referenceFlags = JSON.parse(
  readFileSync(`${projectRoot}test/fixtures/cli/flags.json`, 'utf8'),
) as Readonly<Record<string, readonly ReferenceFlag[]>>;
