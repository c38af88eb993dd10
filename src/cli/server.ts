import { serverSpec } from '../config/commands/server.ts';
import { command } from './command.ts';
import { notBuilt } from './not-built.ts';

/** `etcdbrctl server`. */
export const serverCommand = command(serverSpec, () => Promise.reject(notBuilt('server')));
