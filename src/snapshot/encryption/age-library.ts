/** The library, in a module that is loaded where something is encrypted or decrypted, and not at each start. */
export { Decrypter, Encrypter } from 'age-encryption';
