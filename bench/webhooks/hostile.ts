/** Valid deliveries beside thousands of connections that mean no good: their latency, and the memory of the server. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import type { Section } from '../authorizer/context.ts';
import { type Context, HOSTILE } from './context.ts';
import { allAccepted, p99Bar, steady, steadyFigures } from './fixed-rate.ts';

const CONNECTIONS = 3_000;
const QUICK_CONNECTIONS = 300;
const PER_SECOND = 100;
const P99_GOAL_MS = 100;
const FULL_S = 60;
const QUICK_S = 6;
/** Until the connections stand, and the first of them are ended. */
const BUILD_UP_S = 12;
/** What the memory may grow by from the first third of the attack to its last. */
const GROWTH_GOAL_MB = 32;
const SAMPLE_EVERY_MS = 500;
const MS_PER_S = 1_000;
const BYTES_PER_MB = 1_048_576;

export async function hostile(context: Context): Promise<Section> {
  const { isQuick, load } = context;
  const connections = isQuick ? QUICK_CONNECTIONS : CONNECTIONS;
  const server = await context.ingress();
  const deliver = (seconds: number) =>
    load.run(context.plan(server.port, PER_SECOND * seconds, steady(PER_SECOND)));
  let attackers: ChildProcess | undefined;
  try {
    await deliver(isQuick ? 2 : 5);
    const alone = await deliver(isQuick ? QUICK_S : 20);
    const quietMb = await memoryMb(server.port);
    attackers = fork(context.compiled.file(HOSTILE), [String(server.port), String(connections)]);
    await deliver(isQuick ? 2 : BUILD_UP_S);
    const samples: number[] = [];
    const sampler = setInterval(() => {
      memoryMb(server.port).then(
        (mb) => samples.push(mb),
        () => {},
      );
    }, SAMPLE_EVERY_MS);
    const seconds = isQuick ? QUICK_S : FULL_S;
    const cpuBefore = await server.cpuMs();
    const beside = await deliver(seconds);
    const cpuMs = (await server.cpuMs()) - cpuBefore;
    clearInterval(sampler);
    const third = Math.ceil(samples.length / 3);
    const early = Math.max(...samples.slice(0, third));
    const late = Math.max(...samples.slice(-third));
    return {
      baselines: { [`${PER_SECOND}/s, alone`]: steadyFigures(alone) },
      results: {
        [`${PER_SECOND}/s beside ${connections} connections`]: steadyFigures(beside),
        'what they did': await countsOf(attackers),
        'the ingress': {
          'CPU, % of a core': Math.round((cpuMs / (seconds * MS_PER_S)) * 100),
          'memory before, MB': quietMb,
          'first third, MB': early,
          'last third, MB': late,
        },
      },
      bars: [
        p99Bar('beside hostile connections', beside, P99_GOAL_MS),
        allAccepted('beside hostile connections', beside),
        {
          name: 'memory grown during the attack',
          goal: `<= ${GROWTH_GOAL_MB} MB`,
          got: `${Math.round(late - early)} MB`,
          ok: late - early <= GROWTH_GOAL_MB,
        },
      ],
    };
  } finally {
    attackers?.disconnect();
    await server.stop();
  }
}

async function countsOf(attackers: ChildProcess): Promise<Readonly<Record<string, number>>> {
  const told = once(attackers, 'message');
  attackers.send('counts');
  const [counts] = (await told) as [Readonly<Record<string, number>>];
  return counts;
}

async function memoryMb(port: number): Promise<number> {
  const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  const bytes = /^process_resident_memory_bytes(?:\{[^}]*\})? (\S+)/m.exec(text)?.[1];
  return Math.round(Number(bytes) / BYTES_PER_MB);
}
