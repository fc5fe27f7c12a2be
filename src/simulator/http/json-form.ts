/** JSON bodies as the tree that form bodies become, so that one description of parameters reads both. */
import { invalidRequest } from './failure.ts';
import type { FormMap, FormNode } from './form.ts';
import { DEPTH_MAX } from './form.ts';

/** The body of a control route: an object, or nothing. Throws a 400. */
export function parseJsonForm(text: string): FormMap {
  if (text.trim() === '') return new Map();
  const form = toForm(parse(text));
  if (typeof form !== 'string') return form;
  throw invalidRequest('The body must be a JSON object.');
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw invalidRequest('The body is not JSON.');
  }
}

/** Null unsets, as the empty text does in a form. */
function toForm(value: unknown, depth = 0): FormNode {
  if (depth > DEPTH_MAX) throw invalidRequest('The body nests too deep.');
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (typeof value !== 'object' || value === null) return '';
  return new Map(Object.entries(value).map(([key, entry]) => [key, toForm(entry, depth + 1)]));
}
