/**
 * Reads settings from a map of strings and collects every problem before it gives up, so that an operator
 * sees all wrong variables at once: which one, what is wrong with it, and what would be right.
 */
export type Environment = Readonly<Record<string, string | undefined>>;

export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly problems: readonly string[];
  constructor(problems: readonly string[]) {
    super(`Configuration is not usable:\n${problems.map((p) => `  - ${p}`).join('\n')}`);
    this.problems = problems;
  }
}

interface TextOptions {
  readonly fallback?: string;
  readonly example: string;
  /** A given text must begin with one of these. It may be a secret, so the complaint does not repeat it. */
  readonly startsWith?: readonly string[];
}

interface ListOptions extends Omit<TextOptions, 'fallback'> {
  readonly fallback?: readonly string[];
}

export interface Reader {
  /** A text. Without a fallback it is required. `example` is shown when it is missing. */
  text(name: string, options: TextOptions): string;
  optionalText(name: string): string | undefined;
  /** Comma-separated, blanks dropped. Without a fallback at least one entry is required. */
  list(name: string, options: ListOptions): readonly string[];
  integer(
    name: string,
    options: { fallback: number; min: number; max: number; unit: string },
  ): number;
  /** An absolute URL with one of the protocols, e.g. `['postgres:', 'postgresql:']`. */
  url(
    name: string,
    options: { fallback?: string; protocols: readonly string[]; example: string },
  ): string;
  choice<const T extends string>(name: string, options: { fallback: T; choices: readonly T[] }): T;
  /** Adds a problem found by the caller, e.g. in the shape of a list's entry. */
  problem(text: string): void;
}

const beginsWell = (text: string, beginnings: readonly string[] | undefined): boolean =>
  beginnings?.some((beginning) => text.startsWith(beginning)) ?? true;

/** Runs `build` and throws one ConfigError with every problem found. */
export function readConfig<T>(env: Environment, build: (read: Reader) => T): T {
  const problems: string[] = [];
  const value = (name: string): string | undefined => {
    const text = env[name]?.trim();
    return text === '' ? undefined : text;
  };
  const missing = (name: string, example: string): void => {
    problems.push(`${name} is not set. Set it, for example: ${name}=${example}`);
  };
  const read: Reader = {
    text(name, { fallback, example, startsWith }) {
      const found = value(name) ?? fallback;
      if (found === undefined) missing(name, example);
      else if (!beginsWell(found, startsWith))
        problems.push(`${name} must start with ${startsWith?.join(' or ')}`);
      return found ?? '';
    },
    optionalText: value,
    list(name, { fallback, example, startsWith }) {
      const found = value(name);
      const entries = (found ?? '').split(',').map((e) => e.trim());
      const kept = entries.filter((e) => e !== '');
      if (!kept.every((entry) => beginsWell(entry, startsWith)))
        problems.push(
          `${name} has an entry that does not start with ${startsWith?.join(' or ')}, for example: ${name}=${example}`,
        );
      if (kept.length > 0) return kept;
      if (fallback === undefined) missing(name, example);
      return fallback ?? [];
    },
    integer(name, { fallback, min, max, unit }) {
      const found = value(name);
      if (found === undefined) return fallback;
      const number = /^-?\d+$/.test(found) ? Number(found) : Number.NaN;
      if (Number.isSafeInteger(number) && number >= min && number <= max) return number;
      problems.push(
        `${name} is "${found}". It must be a whole number of ${unit} from ${min} to ${max}`,
      );
      return fallback;
    },
    url(name, { fallback, protocols, example }) {
      const found = value(name) ?? fallback;
      if (found === undefined) {
        missing(name, example);
        return '';
      }
      const protocol = URL.canParse(found) ? new URL(found).protocol : undefined;
      if (protocol === undefined || !protocols.includes(protocol)) {
        // The value may hold a password, so it is not repeated here.
        problems.push(`${name} is not a URL of the form ${example}`);
      }
      return found;
    },
    choice(name, { fallback, choices }) {
      const found = value(name);
      if (found === undefined) return fallback;
      const match = choices.find((c) => c === found);
      if (match === undefined)
        problems.push(`${name} is "${found}". It must be one of: ${choices.join(', ')}`);
      return match ?? fallback;
    },
    problem: (text) => void problems.push(text),
  };
  const config = build(read);
  if (problems.length > 0) throw new ConfigError(problems);
  return Object.freeze(config);
}
