import fc from 'fast-check';

/**
 * What is tried with fast-check takes it from here: a plain run tries the same everywhere and at any time, so it does not fail by chance.
 * `WALKS_SEED` chooses another seed; a failure prints the one that it had.
 */
const seed = Number(process.env['WALKS_SEED'] || 20_261_121);

fc.configureGlobal({ ...fc.readConfigureGlobal(), seed });

export { fc };
