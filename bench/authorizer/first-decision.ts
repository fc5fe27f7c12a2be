/** How long the authorizer takes from the start of its process until Postgres' first decision has been read. */
import { LIMITED } from './cards.ts';
import type { Context, Section } from './context.ts';
import { LoadConnection } from './load-connection.ts';
import { SECRET } from './measured.ts';
import { render, toWire } from './request.ts';

const GOAL_MS = 500;
const RUNS = 9;
const RUNS_QUICK = 3;
/** How often it is tried whether the process listens. */
const TRY_EVERY_MS = 4;
const GRACE_MS = 1_000;

export async function firstDecision(context: Context): Promise<Section> {
  // The first start reads the files from the disk; those after it are what a restart takes.
  const first = await startOnce(context);
  const times: number[] = [];
  const runs = context.isQuick ? RUNS_QUICK : RUNS;
  for (let run = 0; run < runs; run += 1) times.push(await startOnce(context));
  const sorted = times.map(Math.round).toSorted((a, b) => a - b);
  const median = sorted[Math.floor(sorted.length / 2)] ?? 0;
  const max = sorted.at(-1) ?? 0;
  return {
    results: {
      'start to first decision': {
        starts: runs,
        'median ms': median,
        'max ms': max,
        'before those, ms': Math.round(first),
      },
    },
    bars: [
      {
        name: 'start to first decision, longest',
        goal: `<= ${GOAL_MS} ms`,
        got: `${max} ms`,
        ok: max <= GOAL_MS,
      },
    ],
  };
}

/** From the start of the process, in milliseconds. */
async function startOnce(context: Context): Promise<number> {
  const { port, service } = await context.start.authorizerService(context.database.appUrl);
  const startedMs = performance.now();
  const child = context.cluster.supervisor.start(service);
  try {
    await decided(context, port);
    return performance.now() - startedMs;
  } finally {
    await child.stop(GRACE_MS);
  }
}

/** Asks as soon as somebody listens, and again as long as the answer is not Postgres'. */
function decided(context: Context, port: number): Promise<void> {
  return new Promise((resolve) => {
    const ask = (connection: LoadConnection): void => {
      const atS = Math.floor(Date.now() / 1000);
      const [asked] = context.asked(1, LIMITED.spread);
      if (asked === undefined) return;
      const { template } = context.plan(port, [], { kind: 'closed', connections: 1 });
      connection.send(0, toWire(render(template, asked, atS), SECRET, atS));
    };
    const connect = (): void => {
      const connection = new LoadConnection(port, 0, {
        onReady: ask,
        onAnswer(answered, _status, body) {
          if (!body.includes('"dec_')) {
            ask(answered);
            return;
          }
          resolve();
          answered.destroy();
        },
        onLost(lost) {
          if (lost.request < 0) setTimeout(connect, TRY_EVERY_MS);
        },
      });
      connection.request = -1;
    };
    connect();
  });
}
