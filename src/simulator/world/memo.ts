/**
 * What was worked out lately from things that are never changed in place: objects made of rows, and their JSON. It
 * saves nearly all of the work of reads, and lets an answer, its event and its deliveries share one object and text.
 */

/** Enough for what a busy program touches again soon, at some kilobytes each. */
const ENTRIES_MAX = 2_000;

/** A map that forgets what was not used for a while: two generations, of which the older one goes. */
class Recent<K, V> {
  #young = new Map<K, V>();
  #old = new Map<K, V>();

  get(key: K): V | undefined {
    const value = this.#young.get(key);
    if (value !== undefined) return value;
    const kept = this.#old.get(key);
    if (kept !== undefined) this.set(key, kept);
    return kept;
  }

  set(key: K, value: V): void {
    if (this.#young.size >= ENTRIES_MAX) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(key, value);
  }
}

interface Made<P> {
  readonly parts: P;
  readonly object: object;
}

/**
 * A function that makes an object of a row and of other parts, and makes it anew only if one of these is another
 * than before. Neither the rows and parts nor what it returns may ever be changed in place.
 */
export function remembered<C, R extends object, P extends readonly unknown[]>(
  partsOf: (context: C, row: R) => P,
  make: (row: R, parts: P) => object,
): (context: C, row: R) => object {
  const recent = new Recent<R, Made<P>>();
  return (context, row) => {
    const parts = partsOf(context, row);
    const known = recent.get(row);
    if (known !== undefined && sameParts(known.parts, parts)) return known.object;
    const object = make(row, parts);
    recent.set(row, { parts, object });
    return object;
  };
}

function sameParts(a: readonly unknown[], b: readonly unknown[]): boolean {
  if (a.length !== b.length) return false;
  for (let at = 0; at < a.length; at += 1) if (a[at] !== b[at]) return false;
  return true;
}

/** Longer texts are mostly of expanded objects, which never come again; thousands of them would fill the memory. */
const TEXT_KEPT_LENGTH_MAX = 50_000;

const texts = new Recent<object, string>();

/** The JSON of an object that is never changed in place. */
export function jsonOf(object: object): string {
  const known = texts.get(object);
  if (known !== undefined) return known;
  const text = JSON.stringify(object);
  if (text.length <= TEXT_KEPT_LENGTH_MAX) texts.set(object, text);
  return text;
}

/** The same for an object that nobody may ask for again: remembering texts costs as much as making them. */
export const jsonOnce = (object: object): string => texts.get(object) ?? JSON.stringify(object);
