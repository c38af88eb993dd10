/** What is written in place of a secret. */
export const hiddenSecret = '***';

/** A text whose URLs say nothing of their users. */
export function withoutUser(text: string): string {
  return text.replaceAll(/:\/\/[^/?#]*@/g, `://${hiddenSecret}@`);
}
