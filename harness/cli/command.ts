/** What a command is, as data: the help, the docs' check and commander's program are made of it. */

/** Gives an option's value from its text. Throws UserError, which names the option. */
export type Parser<T> = (text: string, option: string) => T;

/** One option. Its name is its key in Options, with a dash for each capital letter. */
export interface Option<T> {
  readonly about: string;
  /** "<n>" for a value, "[dir]" for one that may be left out; left out for a switch. */
  readonly takes?: string;
  readonly parse?: Parser<T>;
  readonly choices?: readonly T[];
  /** The value if the option is not given. */
  readonly value?: T;
  /** That value as help writes it, if not as JSON. */
  readonly shown?: string;
  /** May be repeated: the value is a list, empty if it is not given. */
  readonly many?: true;
  readonly required?: true;
  /** Of a value that is taken as ever, though something in it is called differently now: what to tell. */
  readonly notice?: (value: string) => string | undefined;
  /** A switch that is on until --no-NAME. */
  readonly off?: true;
}

/** An option for each flag that the command's code takes, and none that it does not know. */
export type Options<F> = { readonly [Name in keyof F]-?: Option<NonNullable<F[Name]>> };

export interface Context {
  /** Whether an option was on the command line. */
  readonly isGiven: (flag: string) => boolean;
  readonly groups: CommandGroups;
}

/** Every command, by what it is for, in the order of the help. */
export type CommandGroups = Readonly<Record<string, readonly AnyCommand[]>>;

export interface AnyCommand {
  /** Its name, then its words: "<run>", "[matrix]", "<blobs...>". */
  readonly usage: string;
  readonly about: string;
  /** Lines as a user types them, without the program's name. */
  readonly examples?: readonly string[];
  readonly options: Readonly<Record<string, Option<unknown>>>;
  /** Loads the command's code and runs it; gives the exit code. */
  readonly start: (flags: never, context: Context, words: never) => Promise<number>;
}

export interface Command<F, Words extends unknown[] = []> extends AnyCommand {
  readonly options: Options<F>;
  readonly start: (flags: F, context: Context, words: Words) => Promise<number>;
}

/** --older-than of olderThan. */
export function optionName(key: string, { off }: { readonly off?: true } = {}): string {
  const words = key.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  return `--${off ? 'no-' : ''}${words}`;
}

export const flag = (about: string): Option<boolean> => ({ about });
export const text = (takes: string, about: string): Option<string> => ({ takes, about });
export const list = (takes: string, about: string): Option<readonly string[]> => ({
  takes,
  about,
  many: true,
});
export const parsed = <T>(takes: string, about: string, parse: Parser<T>): Option<T> => ({
  takes,
  about,
  parse,
});
