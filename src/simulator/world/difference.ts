/** The `previous_attributes` of an event: what the changed attributes were before. Pure. */
type Plain = Readonly<Record<string, unknown>>;

const isPlain = (value: unknown): value is Plain =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * Nested objects show only what changed in them, arrays are shown whole, and attributes that did not exist before
 * are null, all as Stripe does. Undefined when nothing changed.
 */
export function previousAttributes(before: object, after: object): Plain | undefined {
  const previous: [string, unknown][] = [];
  const keys = Object.keys(after);
  for (const key of Object.keys(before)) if (!Object.hasOwn(after, key)) keys.push(key);
  for (const key of keys) {
    const was = own(before, key);
    const is = own(after, key);
    if (was === is) continue;
    if (isPlain(was) && isPlain(is)) {
      const nested = previousAttributes(was, is);
      if (nested !== undefined) previous.push([key, nested]);
    } else if (!sameValue(was, is)) {
      previous.push([key, was ?? null]);
    }
  }
  return previous.length === 0 ? undefined : Object.fromEntries(previous);
}

/** Metadata may have keys such as `constructor`, which every object seems to have. */
const own = (object: object, key: string): unknown =>
  Object.hasOwn(object, key) ? (object as Plain)[key] : undefined;

function sameValue(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (Array.isArray(a) && Array.isArray(b)) {
    return a.length === b.length && a.every((entry, position) => sameValue(entry, b[position]));
  }
  return isPlain(a) && isPlain(b) && previousAttributes(a, b) === undefined;
}
