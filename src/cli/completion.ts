import { UsageFailure } from '../config/usage-failure.ts';
import { everyCommand } from './commands.ts';
import { bashCompletion } from './completion/bash.ts';
import { fishCompletion } from './completion/fish.ts';
import { completionModel } from './completion/model.ts';
import { zshCompletion } from './completion/zsh.ts';

const scripts = { bash: bashCompletion, zsh: zshCompletion, fish: fishCompletion } as const;

/** The completion script for a shell. Throws a {@link UsageFailure} for a shell that is not known. */
export async function completionScript(shell: string | undefined): Promise<string> {
  const script = Object.entries(scripts).find(([name]) => name === shell)?.[1];
  if (script === undefined) {
    throw new UsageFailure({
      action: 'run',
      object: 'completion',
      found: shell === undefined ? 'no shell is given' : 'there is no script for that shell',
      remedy: 'accepted: bash, zsh or fish',
    });
  }
  return script(completionModel(await everyCommand()));
}
