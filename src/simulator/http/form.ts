/**
 * Stripe's form bodies: `a[b][0][c]=v`, with indexed arrays (official clients) and `[]` (curl, other clients).
 * The outcome is a tree of Maps, so that names such as `__proto__` are plain keys.
 */
import { invalidRequest } from './failure.ts';

export type FormNode = string | FormMap;
export type FormMap = Map<string, FormNode>;

/** Nothing in the API nests deeper than this; deeper input is a mistake or an attack. */
export const DEPTH_MAX = 10;
/** More pairs than any legal request can have: 50 metadata keys, 295 categories and a few dozen fields. */
const PAIRS_MAX = 2_000;

/** Parses a query or form body. Throws a 400 for anything that is not a legal form. */
export function parseForm(text: string): FormMap {
  const root: FormMap = new Map();
  if (text === '') return root;
  const pairs = text.split('&');
  if (pairs.length > PAIRS_MAX) throw invalidRequest(`Too many parameters: at most ${PAIRS_MAX}.`);
  for (const pair of pairs) {
    if (pair === '') continue;
    const at = pair.indexOf('=');
    const name = decode(at < 0 ? pair : pair.slice(0, at));
    insert(root, name, at < 0 ? '' : decode(pair.slice(at + 1)));
  }
  return root;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    throw invalidRequest('Invalid encoding in the request: it must be percent-encoded UTF-8.');
  }
}

/** `a[b][]` as `['a', 'b', '']`. */
function segments(name: string): string[] {
  const open = name.indexOf('[');
  if (open <= 0) return [name];
  const rest = name.slice(open);
  if (!/^(\[[^[\]]*\])+$/.test(rest)) {
    throw invalidRequest(`Invalid parameter name: ${name}`, { param: name });
  }
  const path = [name.slice(0, open), ...rest.slice(1, -1).split('][')];
  if (path.length > DEPTH_MAX) throw invalidRequest(`Parameter nests too deep: ${name}`);
  return path;
}

function insert(root: FormMap, name: string, value: string): void {
  const path = segments(name);
  let node = root;
  for (const [position, segment] of path.entries()) {
    const next = path[position + 1];
    const key = segment === '' && position > 0 ? arrayKey(node, next) : segment;
    if (next === undefined) {
      node.set(key, value);
      return;
    }
    const found = node.get(key);
    if (found instanceof Map) {
      node = found;
    } else {
      const child: FormMap = new Map();
      node.set(key, child);
      node = child;
    }
  }
}

/** `a[][x]=1&a[][y]=2` describes one element; a repeated `x` begins the next one. */
function arrayKey(node: FormMap, next: string | undefined): string {
  const last = node.size - 1;
  const element = node.get(String(last));
  const continues =
    next !== undefined && next !== '' && element instanceof Map && !element.has(next);
  return String(continues ? last : node.size);
}
