import type { OptionGroup, OptionSpec, ValuesOf } from './option.ts';

/** A command's groups by the name they have in its finished configuration. */
export type OptionGroups = Readonly<Record<string, OptionGroup>>;

/** How help explains the arguments without a flag; one, where `count` does not say otherwise. */
export interface Operand {
  /** As help shows it, such as `FILE`. */
  readonly placeholder: string;
  /** One or two sentences. */
  readonly help: string;
  /** What a shell completes. */
  readonly completes: 'file' | 'none';
  /** How many there may be. */
  readonly count?: { readonly least: number; readonly most: number };
}

/** What a command is called, how help explains it, and its options. */
export interface CommandSpec<G extends OptionGroups = OptionGroups> {
  readonly name: string;
  /** One paragraph for the command's own help. */
  readonly description: string;
  /** Command lines a newcomer can copy, each with what it does. */
  readonly examples: readonly { readonly does: string; readonly command: string }[];
  /** The arguments without a flag; left out for commands that take flags only. */
  readonly operand?: Operand | undefined;
  readonly groups: G;
}

/** The finished configuration of a command. */
export type ConfigOf<G extends OptionGroups> = { readonly [Name in keyof G]: ValuesOf<G[Name]['options']> };

/** An option and its place in a command. */
export interface PlacedOption {
  readonly group: string;
  readonly title: string;
  readonly name: string;
  readonly spec: OptionSpec;
}

/** Every option of a command, in the order of the help text. */
export function placedOptions(spec: CommandSpec): readonly PlacedOption[] {
  return Object.entries(spec.groups).flatMap(([group, { title, options }]) =>
    Object.entries(options).map(([name, option]) => ({ group, title, name, spec: option })),
  );
}
