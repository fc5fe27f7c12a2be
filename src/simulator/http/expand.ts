/** Replaces ids by their objects, along paths such as `data.authorization.cardholder`. */
import type { Scope } from '../world/kind.ts';
import { jsonOf } from '../world/memo.ts';
import {
  type ExpandableField,
  expandableField,
  isExpandableName,
  isExpandablePath,
} from './expandable.ts';
import { Failure, invalidRequest } from './failure.ts';

/** As deep as Stripe goes. */
const DEPTH_MAX = 4;
/**
 * An authorization shows its transactions and each of them its authorization, so that a short path can ask for the
 * cube of what there is. A full page with all that its objects name stays far below these limits.
 */
const OBJECTS_MAX = 10_000;
/** Of the JSON of all expanded objects, in characters. */
const TEXT_LENGTH_MAX = 20_000_000;

/** What a call answers with, for checks before there is an answer. */
export interface Answers {
  /** The value of `object`, or of that of a list's entries. */
  readonly kind: string;
  readonly isList: boolean;
}

/** Refuses, before anything is read, paths that lead nowhere from what a call answers with. */
export function checkReadPaths(answers: Answers, paths: readonly string[]): void {
  for (const path of paths) {
    const segments = path.split('.');
    const inside = answers.isList ? segments.slice(1) : segments;
    if (inside.length > DEPTH_MAX) throw tooDeep(path);
    if (answers.isList && segments[0] !== 'data') throw notExpandable(path);
    if (!isExpandablePath(answers.kind, inside)) throw notExpandable(path);
  }
}

/**
 * Refuses, before a write has any effect, paths that no object has. Where a path leads is known only afterwards;
 * then `expandWritten` leaves alone what it cannot expand, because a write must not be done and refused at once.
 */
export function checkExpand(paths: readonly string[]): void {
  for (const path of paths) {
    const segments = path.split('.');
    if (segments.length > DEPTH_MAX) throw tooDeep(path);
    if (!segments.every(isExpandableName)) throw notExpandable(path);
  }
}

/** Expands the answer to a write, as far as it goes. */
export function expandWritten(scope: Scope, answer: object, paths: readonly string[]): object {
  const expansion = new Expansion(scope);
  let expanded = answer;
  for (const path of new Set(paths)) {
    try {
      expanded = expansion.expand(expanded, path);
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
    }
  }
  return expanded;
}

/** Expands an answer. Throws a 400 for a path that leads nowhere, or to more than an answer can hold. */
export function expandAnswer(scope: Scope, answer: object, paths: readonly string[]): object {
  const expansion = new Expansion(scope);
  let expanded = answer;
  for (const path of new Set(paths)) expanded = expansion.expand(expanded, path);
  return expanded;
}

interface Found {
  /** Undefined when the id is not that of an object, e.g. of one that was dropped. */
  readonly object: object | undefined;
  readonly textLength: number;
}

/** The expansion of one answer: counts what it costs, and makes each object once. */
class Expansion {
  readonly #scope: Scope;
  readonly #found = new Map<string, Found>();
  #objects = 0;
  #textLength = 0;

  constructor(scope: Scope) {
    this.#scope = scope;
  }

  expand(answer: object, path: string): object {
    const segments = path.split('.');
    const isList = 'object' in answer && answer.object === 'list';
    if (segments.length - (isList ? 1 : 0) > DEPTH_MAX) throw tooDeep(path);
    const expanded = this.#walk(answer, segments, path);
    return typeof expanded === 'object' && expanded !== null ? expanded : answer;
  }

  #walk(value: unknown, segments: readonly string[], path: string): unknown {
    const [segment, ...rest] = segments;
    if (segment === undefined || value === null || value === undefined) return value;
    if (Array.isArray(value)) return value.map((entry) => this.#walk(entry, segments, path));
    if (typeof value !== 'object') return value;
    this.#count(0, path);
    // `__proto__` and the like are not among its fields, though every object seems to have them.
    const fields = new Map<string, unknown>(Object.entries(value));
    const kind = fields.get('object');
    const inner = fields.get(segment);
    const isData = kind === 'list' && segment === 'data';
    const field = isData ? DATA : expandableField(String(kind), segment);
    if (field === undefined) throw notExpandable(path);
    const object = typeof inner === 'string' ? this.#resolve(field, inner, path) : inner;
    return { ...value, [segment]: this.#walk(object, rest, path) };
  }

  #resolve(field: ExpandableField, id: string, path: string): object | string {
    if (field.resolve === undefined) return id;
    let found = this.#found.get(id);
    if (found === undefined) {
      const object = field.resolve(this.#scope, id);
      found = { object, textLength: object === undefined ? 0 : jsonOf(object).length };
      this.#found.set(id, found);
    }
    this.#count(found.textLength, path);
    return found.object ?? id;
  }

  #count(textLength: number, path: string): void {
    this.#objects += 1;
    this.#textLength += textLength;
    if (this.#objects <= OBJECTS_MAX && this.#textLength <= TEXT_LENGTH_MAX) return;
    throw invalidRequest(
      `You cannot expand so much at once (${path}): an answer can have ${OBJECTS_MAX} expanded objects with ${TEXT_LENGTH_MAX} characters of JSON. Ask for fewer objects (limit), or for a shorter path in expand.`,
      { param: 'expand' },
    );
  }
}

const DATA: ExpandableField = { leadsTo: [] };

const tooDeep = (path: string): Error =>
  invalidRequest(
    `You cannot expand more than ${DEPTH_MAX} levels of a property. Property: ${path}`,
    { param: 'expand' },
  );

const notExpandable = (path: string): Error =>
  invalidRequest(`This property cannot be expanded (${path}).`, { param: 'expand' });
