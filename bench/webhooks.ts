/**
 * The way of an event under load: accepted, applied, told. On a server that is durable as in production, with the load on
 * the same machine. `--only` runs some parts of it.
 */
import type { Section } from './authorizer/context.ts';
import { benchOf } from './sections.ts';
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

export const webhooks = benchOf('webhooks', SECTIONS, openContext);
