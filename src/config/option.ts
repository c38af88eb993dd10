import type { InitialCluster } from '../datadir/membership/initial-cluster.ts';
import type { PeerUrl } from '../datadir/membership/peer-url.ts';
import type { WrittenTime } from './point-in-time.ts';

/** Checks on text that are more than a type; `describeAccepted` explains each to the reader. */
export type TextRule =
  | 'url'
  | 'etcd endpoint'
  | 'peer url'
  | 'initial cluster'
  | 'cron'
  | 'cron or off'
  | 'time'
  | 'lease ttl'
  | 'not empty';

/** The rules that turn a text into something else, and what that is. */
export interface ParsedTexts {
  readonly time: WrittenTime;
  readonly 'lease ttl': LeaseTtl;
  readonly 'peer url': PeerUrl;
  readonly 'initial cluster': InitialCluster;
}

/** A text that was parsed. */
export type ParsedText = ParsedTexts[keyof ParsedTexts];

/** The rules that leave a text as it is. */
export type CheckedRule = Exclude<TextRule, keyof ParsedTexts>;

/** What becomes of leases whose time to live is not known: they get a new one, or their keys lose them. */
export type LeaseTtl = { readonly kind: 'grant'; readonly ttlSeconds: number } | { readonly kind: 'strip' };

interface OptionFacts {
  /** Long flag without dashes; the environment variable's name follows from it. */
  readonly flag: string;
  /** One letter. */
  readonly short?: string;
  /** Older spellings of the flag, still accepted; not shown in help. */
  readonly aliases?: readonly string[];
  /** One or two sentences for the help text, without the default. */
  readonly help: string;
  /** What help shows for the value, such as `dir`. */
  readonly placeholder?: string;
  /** Places in the configuration file, the preferred one first, older spellings after it: `snapstoreConfig.provider`. */
  readonly fileKeys?: readonly string[];
  /** A plain environment variable that is read when nothing else gives a value. */
  readonly fallbackEnvironment?: string;
  /** The value never appears in messages or logs. */
  readonly secret?: true;
  /** What a shell completes, where `placeholder` does not say it. */
  readonly completes?: 'directory';
  /** Few people need it: help shows it only when asked for all. */
  readonly rare?: true;
  /** An empty text as the value of the flag is no mistake of a shell script, but means the default. */
  readonly emptyIsDefault?: true;
  /** A zero means the default. */
  readonly zeroIsDefault?: true;
}

/** `--flag`, `--flag=false`. */
export interface BoolOption extends OptionFacts {
  readonly type: 'bool';
  readonly default: boolean;
}

/** Go's duration syntax; the value is in milliseconds, the default is written as Go prints it. */
export interface DurationOption extends OptionFacts {
  readonly type: 'duration';
  readonly default: string;
  /** The value must be longer than this many milliseconds. */
  readonly above?: number;
  /** This value, in milliseconds, is how users write that there is none: the finished value is undefined. */
  readonly none?: number;
}

/** A whole number; `uint` and `uint32` refuse negative ones. */
export interface IntegerOption extends OptionFacts {
  readonly type: 'int' | 'uint' | 'uint32';
  /** Undefined means that there is no value unless one is given. */
  readonly default: number | undefined;
  readonly min?: number;
  readonly max?: number;
  /** This value is how users write that there is none: the finished value is undefined. */
  readonly none?: number;
  /** What to do instead of giving 0, which arithmetic makes of a variable that is empty, where 0 is refused. */
  readonly insteadOfZero?: string;
  /** Names for some of the numbers. */
  readonly names?: Readonly<Record<string, number>>;
}

/** One text. A default of undefined means that an empty text is no value. */
export interface TextOption extends OptionFacts {
  readonly type: 'string';
  readonly default: string | undefined;
  readonly choices?: readonly string[];
  /** Words that count as a choice: those of earlier versions and of others; not shown in help. */
  readonly sameAs?: Readonly<Record<string, string>>;
  /** Other words that people know for a choice, in small letters: a message names the choice. */
  readonly otherWords?: Readonly<Record<string, string>>;
  readonly rule?: TextRule;
  /** The option of the same group whose value is in the file that this one names. */
  readonly contentOf?: string;
}

/** Several texts: `strings` is comma separated and repeatable, `stringArray` only repeatable. */
export interface ListOption extends OptionFacts {
  readonly type: 'strings' | 'stringArray';
  readonly default: readonly string[];
  readonly rule?: TextRule;
}

/** The one declaration of an option. Flag, environment variable, file key, help and validation all come from it. */
export type OptionSpec = BoolOption | DurationOption | IntegerOption | TextOption | ListOption;

/** Options by the name they have in the finished configuration. */
export type OptionTable = Readonly<Record<string, OptionSpec>>;

type TextOf<S> = S extends { readonly choices: readonly (infer Choice)[] }
  ? Choice
  : S extends { readonly rule: infer Rule extends keyof ParsedTexts }
    ? ParsedTexts[Rule]
    : string;

type NumberOf<S> = S extends { readonly none: number } | { readonly default: undefined } ? number | undefined : number;

/** The type of an option's finished value. Durations are milliseconds. */
export type ValueOf<S> = S extends { readonly type: 'bool' }
  ? boolean
  : S extends { readonly type: 'duration' | 'int' | 'uint' | 'uint32' }
    ? NumberOf<S>
    : S extends { readonly type: 'strings' | 'stringArray' }
      ? readonly TextOf<S>[]
      : S extends { readonly type: 'string'; readonly default: infer Default }
        ? undefined extends Default
          ? TextOf<S> | undefined
          : TextOf<S>
        : never;

/** The finished values of a table. */
export type ValuesOf<T> = { readonly [Name in keyof T]: ValueOf<T[Name]> };

/** What is wrong with one option in the light of others. */
export interface Complaint<Name> {
  /** The option to name in the message. */
  readonly option: Name;
  /** The state that was found. */
  readonly found: string;
  /** What to give instead. */
  readonly remedy: string;
}

/** Options that belong together, under one heading of the help text. */
export interface OptionGroup<T extends OptionTable = OptionTable> {
  readonly title: string;
  readonly options: T;
  /** Many commands have these options: help shows them after the command's own. */
  readonly shared?: true;
  /** Why these options are accepted and change nothing; left out for all others. */
  readonly withoutEffect?: string;
  /** Rules between options of this group; returns the first complaint. */
  check?(values: ValuesOf<T>): Complaint<keyof T & string> | undefined;
  /** What the user should know about values that are accepted, a sentence each. */
  warn?(values: ValuesOf<T>): readonly string[];
}

/** Keeps the literal types of a group's declaration, so that the finished configuration's types follow from it. */
export function optionGroup<const T extends OptionTable>(group: OptionGroup<T>): OptionGroup<T> {
  return group;
}

/** The environment variable of a flag: `ETCDBRCTL_` and the flag in upper snake case. */
export function environmentName(flag: string): string {
  return `ETCDBRCTL_${flag.replaceAll('-', '_').toUpperCase()}`;
}
