/** Reads the JSON body of a control route; a wrong one gets a 400 that names the field. */
import { invalidRequest, missingParameter } from '../http/failure.ts';

export class JsonBody {
  readonly #fields: ReadonlyMap<string, unknown>;

  constructor(text: string) {
    this.#fields = parse(text);
  }

  /** Refuses fields nobody would read, because they are misspelled ones. */
  only(...names: readonly string[]): this {
    for (const name of this.#fields.keys()) {
      if (!names.includes(name)) {
        throw invalidRequest(`Unknown field: ${name}. Known: ${names.join(', ') || 'none'}`, {
          param: name,
        });
      }
    }
    return this;
  }

  optionalText(name: string): string | undefined {
    const value = this.#value(name);
    if (value === undefined || typeof value === 'string') return value;
    throw invalidRequest(`${name} must be a string.`, { param: name });
  }

  text(name: string): string {
    const value = this.optionalText(name);
    if (value === undefined || value === '') throw missingParameter(name);
    return value;
  }

  /** A finite number; not below `min`. */
  optionalNumber(name: string, min: number, max = Number.MAX_SAFE_INTEGER): number | undefined {
    const value = this.#value(name);
    if (value === undefined) return undefined;
    if (typeof value === 'number' && value >= min && value <= max) return value;
    throw invalidRequest(`${name} must be a number from ${min} to ${max}.`, { param: name });
  }

  number(name: string, min: number): number {
    const value = this.optionalNumber(name, min);
    if (value === undefined) throw missingParameter(name);
    return value;
  }

  optionalFlag(name: string): boolean | undefined {
    const value = this.#value(name);
    if (value === undefined || typeof value === 'boolean') return value;
    throw invalidRequest(`${name} must be true or false.`, { param: name });
  }

  optionalChoice<const T extends string>(name: string, choices: readonly T[]): T | undefined {
    const value = this.optionalText(name);
    if (value === undefined) return undefined;
    const found = choices.find((entry) => entry === value);
    if (found !== undefined) return found;
    throw invalidRequest(`${name} must be one of ${choices.join(', ')}.`, { param: name });
  }

  optionalTexts(name: string): readonly string[] | undefined {
    const value = this.#value(name);
    if (value === undefined) return undefined;
    if (Array.isArray(value) && value.every((entry): entry is string => typeof entry === 'string'))
      return value;
    throw invalidRequest(`${name} must be an array of strings.`, { param: name });
  }

  /** Everything, for bodies that are read by another schema. */
  entries(): readonly (readonly [string, unknown])[] {
    return [...this.#fields.entries()];
  }

  /** Null counts as absent. */
  #value(name: string): unknown {
    return this.#fields.get(name) ?? undefined;
  }
}

function parse(text: string): ReadonlyMap<string, unknown> {
  if (text.trim() === '') return new Map();
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw invalidRequest('The body is not JSON.');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw invalidRequest('The body must be a JSON object.');
  }
  return new Map(Object.entries(value));
}
