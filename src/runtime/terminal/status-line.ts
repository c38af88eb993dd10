import type { TextOutput } from './text-output.ts';

/**
 * The last line of a terminal, which is redrawn below the lines that stay.
 * Log lines and progress both go through it, so that neither tears the other.
 */
export interface StatusLine {
  /** Prints text that ends with a newline, above the status. */
  print(text: string): void;
  /** Replaces the status; undefined removes it. */
  show(status: string | undefined): void;
}

const clearLine = '\r\u001b[K';

/** A status line at the end of `output`. */
export function statusLine(output: TextOutput): StatusLine {
  let shown: string | undefined;
  return {
    print(text) {
      output.write(shown === undefined ? text : `${clearLine}${text}${shown}`);
    },
    show(status) {
      // One column stays free: terminals disagree about the cursor after the last one.
      const fitting = status?.slice(0, Math.max(0, output.columns - 1));
      if (fitting !== shown) {
        shown = fitting;
        output.write(`${clearLine}${shown ?? ''}`);
      }
    },
  };
}
