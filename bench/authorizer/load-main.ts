/** The load's process: prepares and signs all requests, says so, and sends them when told to. */
import type { FromLoad, LoadPlan, ToLoad } from './load-plan.ts';
import { type Prepared, send } from './load-run.ts';
import { summarize } from './load-summary.ts';
import { render, toWire } from './request.ts';

const MS_PER_S = 1000;

interface Ready {
  readonly plan: LoadPlan;
  readonly prepared: readonly Prepared[];
}

const tell = (message: FromLoad): void => void process.send?.(message);

function prepare(plan: LoadPlan): Ready {
  const { template, secret, atS } = plan;
  const prepared = plan.asked.map((asked) => ({
    wire: toWire(render(template, asked, atS), secret, atS),
    target: asked.target ?? 0,
  }));
  return { plan, prepared };
}

async function run({ plan, prepared }: Ready): Promise<void> {
  const before = process.cpuUsage();
  const record = await send(prepared, plan.ports, plan.pace);
  const { user, system } = process.cpuUsage(before);
  tell({ kind: 'result', result: summarize(plan, record, (user + system) / MS_PER_S) });
}

let ready: Ready | undefined;
process.on('message', (message: ToLoad) => {
  if (message.kind === 'plan') {
    ready = prepare(message.plan);
    tell({ kind: 'prepared' });
    return;
  }
  if (ready === undefined) return;
  run(ready).catch((error: unknown) => tell({ kind: 'failed', error: String(error) }));
  ready = undefined;
});
// Whoever gives the orders has ended.
process.on('disconnect', () => process.exit(0));
