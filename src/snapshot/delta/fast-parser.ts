/**
 * Parses events that have their usual form, faster than the DeltaTokenizer, and does with them what their consumer
 * would. What it does not consume is left to the tokenizer, which knows the whole format.
 */
export interface FastDeltaParser {
  /**
   * Memory for at least `length` bytes of text, which begins with the text of the last call. Memory of earlier calls
   * must not be used any more.
   */
  memory(length: number): Buffer;
  /**
   * Consumes whole events, each with the comma before it, of the text from `start` up to `end` in that memory.
   * Returns where the first begins that it did not consume.
   */
  run(start: number, end: number): number;
}
