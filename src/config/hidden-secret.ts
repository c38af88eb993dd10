/** What is written in place of a secret. */
export const hiddenSecret = '***';

/** The name of a secret, and what separates it from its value: of a flag, a query, a connection string or JSON. */
const named =
  /(?:password|passwd|\bpwd|secret|signature|\bsig|token|(?:account|access|api|private)[_-]?key)["']?\s{0,5}[=:]\s{0,5}["']?/;
const assigned = new RegExp(`${named.source}[^\\s"'&;,}]`, 'i');
const value = new RegExp(`(${named.source})[^\\s"'&;,}]+`, 'gi');

/** Whether a text holds the name of a secret with its value, as those of flags, queries, connection strings and JSON. */
export function namesSecret(text: string): boolean {
  return assigned.test(text);
}

/**
 * A text whose URLs say nothing of their users and queries, without values of secrets that it names, and without the secret keys of age:
 * people give them where a file or a recipient belongs.
 */
export function withoutSecrets(text: string): string {
  return text
    .replaceAll(/:\/\/\S*(?:@|%40)/gi, `://${hiddenSecret}@`)
    .replaceAll(/(^|[\s"',=])[^\s/:@"',=]+:(?!\/\/)[^\s@]*@/g, `$1${hiddenSecret}@`)
    .replaceAll(/(:\/\/[^\s?#]*[?#])\S+/g, `$1${hiddenSecret}`)
    .replaceAll(value, `$1${hiddenSecret}`)
    .replaceAll(/\bAGE-SECRET-KEY-[\w-]*/gi, hiddenSecret);
}
