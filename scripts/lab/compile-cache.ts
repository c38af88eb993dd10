import { cacheDir } from './project-root.ts';

/** Variables with which a Node keeps what it compiles: each start of the program from source then takes half the time. */
export const compileCache = { NODE_COMPILE_CACHE: `${cacheDir}/compile` } as const;
