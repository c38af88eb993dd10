import { copySpec } from '../config/commands/copy.ts';
import { command } from './command.ts';
import { notBuilt } from './not-built.ts';

/** `etcdbrctl copy`. */
export const copyCommand = command(copySpec, () => Promise.reject(notBuilt('copy')));
