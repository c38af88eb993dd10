import { fileURLToPath } from 'node:url';

/** Absolute path of the checkout, with a trailing slash. */
export const projectRoot = fileURLToPath(new URL('../../', import.meta.url));

/** Where downloads and built test data are kept between runs. Absolute, without a trailing slash. */
export const cacheDir = `${projectRoot}.cache`;
