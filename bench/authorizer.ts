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
import { benchOf } from './sections.ts';

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

export const authorizer = benchOf('authorizer', SECTIONS, openContext);
