/** Where text is written: a standard stream, or a recorder in tests. */
export interface TextOutput {
  write(text: string): void;
  readonly isTerminal: boolean;
  /** Width of the terminal in characters; 80 when it is unknown. */
  readonly columns: number;
}
