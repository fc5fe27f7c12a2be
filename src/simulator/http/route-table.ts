/** Finds the operation of a request. Paths have at most one placeholder. */
import type { Operation } from './operation.ts';

interface Route {
  readonly operation: Operation;
  readonly segments: readonly string[];
}

export interface Match {
  readonly operation: Operation;
  /** The placeholder's value, or an empty text. */
  readonly id: string;
}

export class RouteTable {
  /** By method and number of segments, fixed segments first: `create_force_capture` is not an id. */
  readonly #routes = new Map<string, Route[]>();

  constructor(operations: readonly Operation[]) {
    for (const entry of operations) {
      const segments = entry.path.split('/');
      const key = `${entry.method} ${segments.length}`;
      const routes = this.#routes.get(key) ?? [];
      routes.push({ operation: entry, segments });
      routes.sort((a, b) => placeholders(a) - placeholders(b));
      this.#routes.set(key, routes);
    }
  }

  find(method: string, path: string): Match | undefined {
    const given = path.split('/');
    for (const route of this.#routes.get(`${method} ${given.length}`) ?? []) {
      const id = matchSegments(route.segments, given);
      if (id !== undefined) return { operation: route.operation, id };
    }
    return undefined;
  }
}

const isPlaceholder = (segment: string): boolean => segment.startsWith('{');
const placeholders = (route: Route): number => route.segments.filter(isPlaceholder).length;

function matchSegments(segments: readonly string[], given: readonly string[]): string | undefined {
  let id = '';
  for (let position = 0; position < segments.length; position += 1) {
    const segment = segments[position] ?? '';
    const found = given[position];
    if (isPlaceholder(segment)) {
      if (found === undefined || found === '') return undefined;
      id = found;
    } else if (segment !== found) {
      return undefined;
    }
  }
  return id;
}
