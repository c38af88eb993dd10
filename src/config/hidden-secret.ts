/** What is written in place of a secret. */
export const hiddenSecret = '***';

/** A text whose URLs say nothing of their users, and without the secret keys of age: people give them where a file or a recipient belongs. */
export function withoutSecrets(text: string): string {
  return text.replaceAll(/:\/\/[^/?#]*@/g, `://${hiddenSecret}@`).replaceAll(/\bAGE-SECRET-KEY-[\w-]*/gi, hiddenSecret);
}
