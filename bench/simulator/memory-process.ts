/**
 * `node --expose-gc memory-process.ts VARIANT EVENTS`: a simulator in this process makes so many events while its
 * clock runs ahead, and prints a JSON line of `Sample`s. In this process, because only it can collect its garbage.
 */
import { createSimulator, type SimulatorOptions } from '../../src/simulator/index.ts';
import { Connection, get, post, succeed } from './connection.ts';
import { Program } from './program.ts';

const CONNECTIONS = 8;
const CARDS = 20;
const SAMPLES = 10;
/** The clock moves once for this many events; a tenth of the retention each time. */
const EVENTS_PER_STEP = 1_000;
const STEP_SECONDS = 3 * 86_400;
const RETENTION_DAYS = 30;

export interface Sample {
  readonly events: number;
  /** Events that are still listed. */
  readonly kept: number;
  readonly heapBytes: number;
  readonly rssBytes: number;
}

/** How a connection makes events, and how many each time. */
interface Variant {
  readonly events: number;
  make(program: Program, connection: Connection): Promise<void>;
}

const VARIANTS: Readonly<Record<string, Variant>> = {
  updates: { events: 1, make: (program, connection) => program.touch(connection) },
  purchases: {
    events: 3,
    async make(program, connection) {
      await program.capture(connection, await program.authorize(connection));
    },
  },
};

/** Options that an older simulator does not know are without effect. */
const OPTIONS: Partial<SimulatorOptions> & { retentionDays: number } = {
  retentionDays: RETENTION_DAYS,
};

async function run(variant: Variant, total: number): Promise<Sample[]> {
  const simulator = createSimulator(OPTIONS);
  await simulator.listen();
  const connections = await Promise.all(
    Array.from({ length: CONNECTIONS }, () => Connection.open(simulator.port)),
  );
  const [first] = connections;
  if (first === undefined) throw new Error('no connections');
  const program = await Program.open(first, CARDS);
  const samples: Sample[] = [];
  const perStep = Math.ceil(EVENTS_PER_STEP / (CONNECTIONS * variant.events));
  const steps = Math.ceil(total / (perStep * CONNECTIONS * variant.events));
  for (let step = 1; step <= steps; step += 1) {
    await Promise.all(
      connections.map(async (connection) => {
        for (let turn = 0; turn < perStep; turn += 1) await variant.make(program, connection);
      }),
    );
    await succeed(first, post('/_sim/clock/advance', JSON.stringify({ seconds: STEP_SECONDS })));
    if (step * SAMPLES >= (samples.length + 1) * steps) {
      samples.push(await sample(step * perStep * CONNECTIONS * variant.events, first));
    }
  }
  for (const connection of connections) connection.close();
  await simulator.close();
  return samples;
}

async function sample(events: number, connection: Connection): Promise<Sample> {
  const counts = (await succeed(connection, get('/_sim/webhooks'))).toString('utf8');
  if (globalThis.gc === undefined) throw new Error('start it with --expose-gc');
  // The second collection takes what the first one only released.
  globalThis.gc();
  globalThis.gc();
  const { heapUsed, external, rss } = process.memoryUsage();
  const kept = Number(/"events":(\d+)/.exec(counts)?.[1]);
  return { events, kept, heapBytes: heapUsed + external, rssBytes: rss };
}

const [name = '', events = ''] = process.argv.slice(2);
const variant = VARIANTS[name];
if (variant === undefined || !/^\d+$/.test(events)) {
  throw new Error(`Usage: memory-process.ts ${Object.keys(VARIANTS).join('|')} EVENTS`);
}
process.stdout.write(`${JSON.stringify(await run(variant, Number(events)))}\n`);
