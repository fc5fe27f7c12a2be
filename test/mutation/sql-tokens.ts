/** Splits SQL into tokens with their places, so that a mutant changes code and never a comment or a message. */

export interface Token {
  readonly kind: 'word' | 'number' | 'text' | 'sign';
  /** As written; words in lower case. */
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

const KINDS: readonly (readonly [Token['kind'] | undefined, RegExp])[] = [
  [undefined, /\s+|--[^\n]*|\$\$/y],
  ['text', /'(?:[^']|'')*'/y],
  ['number', /\d+(?:\.\d+)?/y],
  // With names of columns that keep their case.
  ['word', /"[^"]*"|[a-z_][\w.]*/iy],
  ['sign', /->>|#>>|->|\|\||<=|>=|<>|!=|:=|::|[-+*/<>=?(),;:[\]%.]/y],
];

/** The tokens of a range of a text. Throws on what it does not know, because a mutant would then be missing. */
export function tokensOf(text: string, from: number, to: number): readonly Token[] {
  const tokens: Token[] = [];
  let start = from;
  while (start < to) {
    const token = tokenAt(text, start);
    if (token.kind !== undefined) tokens.push({ ...token, kind: token.kind });
    start = token.end;
  }
  return tokens;
}

function tokenAt(text: string, start: number) {
  for (const [kind, pattern] of KINDS) {
    pattern.lastIndex = start;
    const found = pattern.exec(text)?.[0];
    if (found !== undefined) {
      const written = kind === 'word' ? found.toLowerCase() : found;
      return { kind, text: written, start, end: start + found.length };
    }
  }
  throw new Error(`unknown SQL at: ${text.slice(start, start + 40)}`);
}

const STEPS: Readonly<Record<string, number>> = { '(': 1, '[': 1, ')': -1, ']': -1 };

/** The index of the first token from `from` on that is one of `texts` outside of brackets and `case … end`. */
export function indexOfNext(
  tokens: readonly Token[],
  from: number,
  texts: readonly string[],
): number {
  let depth = 0;
  for (let i = from; i < tokens.length; i += 1) {
    const text = tokens[i]?.text ?? '';
    if (depth === 0 && texts.includes(text)) return i;
    if (text === 'case') depth += 1;
    else if (text === 'end' && depth > 0) depth -= 1;
    else depth += STEPS[text] ?? 0;
    if (depth < 0) return tokens.length;
  }
  return tokens.length;
}
