/** A benchmark of several parts, one after the other in one context, of which some can be chosen. */
import type { Section } from './authorizer/context.ts';
import { type Bench, UnknownPartError } from './report.ts';

const MS_PER_S = 1_000;

interface Closable {
  close(): Promise<void>;
}

export const benchOf =
  <C extends Closable>(
    name: string,
    sections: Readonly<Record<string, (context: C) => Promise<Section>>>,
    openContext: (isQuick: boolean) => Promise<C>,
  ): Bench =>
  async ({ quick, only = Object.keys(sections) }) => {
    const unknown = only.filter((part) => sections[part] === undefined);
    if (unknown.length > 0) {
      const parts = Object.keys(sections).join(', ');
      throw new UnknownPartError(`There is no part ${unknown.join(', ')}; there are ${parts}.`);
    }
    const context = await openContext(quick);
    try {
      const ended: Section[] = [];
      for (const part of only) {
        const startedAt = performance.now();
        const section = await sections[part]?.(context);
        if (section !== undefined) ended.push(section);
        console.error(`${part} took ${Math.round((performance.now() - startedAt) / MS_PER_S)} s`);
      }
      return {
        name,
        baselines: Object.assign({}, ...ended.map(({ baselines }) => baselines ?? {})),
        results: Object.assign({}, ...ended.map(({ results }) => results)),
        bars: ended.flatMap(({ bars }) => bars),
      };
    } finally {
      await context.close();
    }
  };
