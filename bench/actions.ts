/**
 * What cards cost in Temporal's actions, which its cloud bills, and what a worker needs to keep them. The whole stack runs;
 * the actions are counted from the histories that its server kept. `--only` runs some parts of it.
 */
import { type Context, openContext, type Section } from './actions/context.ts';
import { memory } from './actions/memory.ts';
import { purchases, rate, toActive } from './actions/sections.ts';
import { type Bench, UnknownPartError } from './report.ts';

const SECTIONS: Readonly<Record<string, (context: Context) => Promise<Section>>> = {
  'to-active': toActive,
  purchases,
  rate,
  memory,
};

export const actions: Bench = async ({ quick, only = Object.keys(SECTIONS) }) => {
  const unknown = only.filter((name) => SECTIONS[name] === undefined);
  if (unknown.length > 0) {
    const parts = Object.keys(SECTIONS).join(', ');
    throw new UnknownPartError(`There is no part ${unknown.join(', ')}; there are ${parts}.`);
  }
  const context = await openContext(quick);
  try {
    const sections: Section[] = [];
    // In their order, whatever the order of the names: the first counts a card that has done nothing else.
    for (const [name, section] of Object.entries(SECTIONS)) {
      if (only.includes(name)) sections.push(await section(context));
    }
    return {
      name: 'actions',
      baselines: {},
      results: Object.assign({}, ...sections.map(({ results }) => results)),
      bars: sections.flatMap(({ bars }) => bars),
    };
  } finally {
    await context.close();
  }
};
