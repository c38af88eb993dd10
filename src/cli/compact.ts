import { compactSpec } from '../config/commands/compact.ts';
import { command } from './command.ts';
import { notBuilt } from './not-built.ts';

/** `etcdbrctl compact`. */
export const compactCommand = command(compactSpec, () => Promise.reject(notBuilt('compact')));
