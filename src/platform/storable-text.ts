/**
 * Texts that Postgres can keep. It refuses the character NUL and halves of surrogate pairs; callers hear of
 * them, while events of Stripe are freed of them, because an event must not be lost for a shop's name.
 */

const REPLACEMENT = '\ufffd';

export const isStorable = (text: string): boolean =>
  !text.includes('\u0000') && !/\p{Surrogate}/u.test(text);

/**
 * Paths, such as `billing.city`, of the texts and field names that cannot be kept; at most `most` of them.
 * The values are those of a parsed body or query. It does not recurse, because a body may be nested deeply.
 */
export function unstorablePaths(root: unknown, most: number): readonly string[] {
  const found: string[] = [];
  const waiting: { readonly value: unknown; readonly path: string }[] = [{ value: root, path: '' }];
  for (let next = waiting.pop(); next !== undefined && found.length < most; next = waiting.pop()) {
    const { value, path } = next;
    if (typeof value === 'string' && !isStorable(value)) found.push(path);
    if (typeof value !== 'object' || value === null) continue;
    for (const [name, inner] of Object.entries(value)) {
      if (!isStorable(name)) found.push(path);
      waiting.push({ value: inner, path: path === '' ? name : `${path}.${name}` });
    }
  }
  return found.slice(0, most);
}

/** Escapes in JSON text behind which such a character may be. */
const SUSPECT = /\\u(?:0000|[dD][89a-fA-F])/;

/** JSON text, as somebody sent it, as a value of which every text can be kept. @throws SyntaxError */
export const storableValue = (text: string): unknown => storableParsed(text, JSON.parse(text));

/** The same for a text that was parsed already. */
export const storableParsed = (text: string, value: unknown): unknown =>
  SUSPECT.test(text) ? (JSON.parse(storableJson(value)) as unknown) : value;

/**
 * The value as JSON without NUL, and with U+FFFD for each half of a pair, in texts and names of fields alike.
 * JSON.stringify writes exactly these as escapes, so that the finished text shows them all.
 */
export const storableJson = (value: unknown): string =>
  JSON.stringify(value).replaceAll(
    /\\(?:\\|u0000|ud[89a-f][0-9a-f]{2})/g,
    // An escaped backslash is matched too, so that the text "\u0000", spelt out, stays what it is.
    (escape) => (escape === '\\\\' ? escape : escape === '\\u0000' ? '' : REPLACEMENT),
  );
