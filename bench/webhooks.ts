/**
 * The way of an event under load: accepted, applied, told. On a server that is durable as in production, with the load on
 * the same machine. `--only` runs some parts of it.
 */
import type { Section } from './authorizer/context.ts';
import { type Bench, UnknownPartError } from './report.ts';
import { accept } from './webhooks/accept.ts';
import { backlog } from './webhooks/backlog.ts';
import { type Context, openContext } from './webhooks/context.ts';
import { fixedRate } from './webhooks/fixed-rate.ts';
import { hostile } from './webhooks/hostile.ts';
import { toBooks, toPhase } from './webhooks/latency.ts';

const SECTIONS: Readonly<Record<string, (context: Context) => Promise<Section>>> = {
  accept,
  'fixed-rate': fixedRate,
  hostile,
  backlog,
  'to-books': toBooks,
  'to-phase': toPhase,
};

export const webhooks: Bench = async ({ quick, only = Object.keys(SECTIONS) }) => {
  const unknown = only.filter((name) => SECTIONS[name] === undefined);
  if (unknown.length > 0) {
    const parts = Object.keys(SECTIONS).join(', ');
    throw new UnknownPartError(`There is no part ${unknown.join(', ')}; there are ${parts}.`);
  }
  const context = await openContext(quick);
  try {
    const sections: Section[] = [];
    for (const name of only) {
      const startedAt = performance.now();
      const section = await SECTIONS[name]?.(context);
      if (section !== undefined) sections.push(section);
      console.error(`${name} took ${Math.round((performance.now() - startedAt) / 1000)} s`);
    }
    return {
      name: 'webhooks',
      baselines: Object.assign({}, ...sections.map(({ baselines }) => baselines ?? {})),
      results: Object.assign({}, ...sections.map(({ results }) => results)),
      bars: sections.flatMap(({ bars }) => bars),
    };
  } finally {
    await context.close();
  }
};
