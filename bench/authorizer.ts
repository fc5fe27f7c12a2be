/**
 * The authorizer under load and under faults, on a server that is durable as in production, with the load on the same
 * machine. `--only` runs some parts of it.
 */
import { alone } from './authorizer/alone.ts';
import { type Context, openContext, type Section } from './authorizer/context.ts';
import { firstDecision } from './authorizer/first-decision.ts';
import { fixedRate } from './authorizer/fixed-rate.ts';
import { freeze } from './authorizer/freeze.ts';
import { lockedAccount } from './authorizer/locked-account.ts';
import { outage } from './authorizer/outage.ts';
import { overload } from './authorizer/overload.ts';
import { overspend } from './authorizer/overspend.ts';
import { throughput } from './authorizer/throughput.ts';
import { type Bench, UnknownPartError } from './report.ts';

const SECTIONS: Readonly<Record<string, (context: Context) => Promise<Section>>> = {
  throughput,
  'fixed-rate': fixedRate,
  overload,
  'locked-account': lockedAccount,
  'first-decision': firstDecision,
  overspend,
  freeze,
  alone,
  outage,
};

export const authorizer: Bench = async ({ quick, only = Object.keys(SECTIONS) }) => {
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
      name: 'authorizer',
      baselines: Object.assign({}, ...sections.map(({ baselines }) => baselines ?? {})),
      results: Object.assign({}, ...sections.map(({ results }) => results)),
      bars: sections.flatMap(({ bars }) => bars),
    };
  } finally {
    await context.close();
  }
};
