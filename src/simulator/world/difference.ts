/** The `previous_attributes` of an event: what the changed attributes were before. Pure. */
type Plain = Readonly<Record<string, unknown>>;

const isPlain = (value: unknown): value is Plain =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * Nested objects show only what changed in them, arrays are shown whole, and attributes that did not exist before
 * are null, all as Stripe does. Undefined when nothing changed.
 */
export function previousAttributes(before: object, after: object): Plain | undefined {
  // Maps, because metadata may have keys such as `constructor`.
  const earlier = new Map<string, unknown>(Object.entries(before));
  const later = new Map<string, unknown>(Object.entries(after));
  const previous: [string, unknown][] = [];
  for (const key of new Set([...earlier.keys(), ...later.keys()])) {
    const [was, is] = [earlier.get(key), later.get(key)];
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

function sameValue(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (Array.isArray(a) && Array.isArray(b)) {
    return a.length === b.length && a.every((entry, position) => sameValue(entry, b[position]));
  }
  return isPlain(a) && isPlain(b) && previousAttributes(a, b) === undefined;
}
