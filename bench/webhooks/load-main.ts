/** The load's process: prepares and signs all deliveries, says so, and sends them when told to. */
import { type Prepared, send } from '../authorizer/load-run.ts';
import { render, toWire } from './event-template.ts';
import type { DeliveryPlan, DeliveryResult, FromLoad, ToLoad } from './load-plan.ts';

const MS_PER_S = 1000;
const HTTP_OK = 200;
const tell = (message: FromLoad): void => void process.send?.(message);

function prepare({ template, first, count, cards }: DeliveryPlan): readonly Prepared[] {
  const atS = Math.floor(Date.now() / MS_PER_S);
  return Array.from({ length: count }, (_, index) => ({
    wire: toWire(render(template, { number: first + index, cards, atS }), atS),
    target: 0,
  }));
}

async function run(plan: DeliveryPlan, prepared: readonly Prepared[]): Promise<DeliveryResult> {
  const before = process.cpuUsage();
  const record = await send(prepared, [plan.port], plan.pace);
  const { user, system } = process.cpuUsage(before);
  const took = record.answeredMs
    .map((answered, index) => answered - (record.askedMs[index] ?? 0))
    .toSorted();
  const percentile = (share: number): number =>
    Math.round((took[Math.min(took.length, Math.ceil(took.length * share)) - 1] ?? 0) * 100) / 100;
  const statuses: { [status: string]: number } = {};
  for (const status of record.statuses) statuses[status] = (statuses[status] ?? 0) + 1;
  return {
    deliveries: prepared.length,
    accepted: statuses[HTTP_OK] ?? 0,
    seconds: record.seconds,
    p50: percentile(0.5),
    p99: percentile(0.99),
    max: percentile(1),
    cpuMs: (user + system) / MS_PER_S,
    statuses,
  };
}

let ready: { readonly plan: DeliveryPlan; readonly prepared: readonly Prepared[] } | undefined;
process.on('message', (message: ToLoad) => {
  if (message.kind === 'plan') {
    ready = { plan: message.plan, prepared: prepare(message.plan) };
    tell({ kind: 'prepared' });
    return;
  }
  if (ready === undefined) return;
  run(ready.plan, ready.prepared).then(
    (result) => tell({ kind: 'result', result }),
    (error: unknown) => tell({ kind: 'failed', error: String(error) }),
  );
  ready = undefined;
});
// Whoever gives the orders has ended.
process.on('disconnect', () => process.exit(0));
