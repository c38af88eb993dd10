/** What one log line says in addition to its text. Never a secret. */
export type LogFields = Readonly<Record<string, unknown>>;

/** Logs what the program does. */
export interface Logger {
  error(fields: LogFields, text: string): void;
  error(text: string): void;
  warn(fields: LogFields, text: string): void;
  warn(text: string): void;
  info(fields: LogFields, text: string): void;
  info(text: string): void;
  debug(fields: LogFields, text: string): void;
  debug(text: string): void;
  /** A logger that adds `fields` to each line, such as `{ actor: 'snapshotter' }`. */
  child(fields: LogFields): Logger;
}
