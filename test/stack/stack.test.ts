/** The local stack with stand-ins for our processes: order, failure, interruption, restart and what is left behind. */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { nodeCommand } from '../../src/apps/cli/local/module-command.ts';
import { createPortPicker } from '../../src/apps/cli/local/ports.ts';
import { type Stack, type StackOptions, startStack } from '../../src/apps/cli/local/stack.ts';
import type { Environment } from '../../src/platform/config-reader.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { eventually } from '../support/eventually.ts';
import { processesOf, stackEnvironment, standIn } from '../support/stack-environment.ts';
import { temporalCliPath } from '../support/temporal-programs.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const MODULES = {
  simulator: standIn('simulator'),
  ingress: standIn('app'),
  relay: standIn('app'),
  authorizer: standIn('app'),
  worker: standIn('app'),
};
/** What the issue asks of a stop. */
const STOP_LIMIT_MS = 5_000;

const nothingLeft = (environment: Environment) =>
  eventually(async () => (await processesOf(environment)).length === 0);

const start = (environment: Environment, options: Partial<StackOptions> = {}): Promise<Stack> =>
  startStack({
    mode: 'throwaway',
    environment,
    ports: 'random',
    durable: false,
    modules: MODULES,
    ...options,
  });

/** The environment a stand-in was given. */
const environmentOf = async (url: string): Promise<Environment> =>
  (await (await fetch(`${url}/environment`)).json()) as Environment;

describe('a whole stack', () => {
  it('wires all parts, keeps its data over a restart, and refuses a mixed set', async () => {
    const folder = join(await temporaryFolder(), '.local');
    const environment = stackEnvironment({ TEMPORAL_CLI: temporalCliPath() });
    const lines: string[] = [];
    const kept = { mode: 'kept', folder, onPart: (line: string) => void lines.push(line) } as const;
    const first = await start(environment, kept);
    onTestFinished(() => removeData(folder));
    onTestFinished(() => first.stop());
    expect(new Set(lines.map((line) => line.split(' ')[0]))).toEqual(
      new Set([
        'authorizer',
        'ingress',
        'migrations',
        'postgres',
        'relay',
        'simulator',
        'temporal',
        'worker',
      ]),
    );
    const ingress = await environmentOf(first.urls.ingress);
    expect(ingress['STRIPE_WEBHOOK_SECRETS']).toBe('whsec_endpoint1,whsec_endpoint2');
    expect(ingress['API_KEYS']).toBe(first.apiKey);
    expect(ingress['STRIPE_SECRET_KEY']).toBeUndefined();
    const worker = await environmentOf(first.urls.worker);
    expect(worker).toMatchObject({
      DATABASE_URL: first.databaseUrl,
      TEMPORAL_ADDRESS: first.urls.temporal,
      STRIPE_API_BASE: first.urls.simulator,
    });
    expect(worker['DATABASE_OWNER_URL']).toBeUndefined();
    expect((await stat(join(folder, 'stack.json'))).mode & 0o077).toBe(0);
    await expect(start(environment, kept)).rejects.toThrow(`Another stack is running in ${folder}`);
    expect(await stopDuration(first)).toBeLessThan(STOP_LIMIT_MS);
    await nothingLeft(environment);

    const second = await start(environment, kept);
    onTestFinished(() => second.stop());
    expect(second.apiKey).toBe(first.apiKey);
    const simulator = (await (await fetch(`${second.urls.simulator}/_sim/state`)).json()) as {
      endpoints: { url: string; connect: boolean }[];
      realtime: Record<string, { url: string; secret: string }>;
    };
    const url = `${second.urls.ingress}/webhooks/stripe`;
    expect(simulator.endpoints).toMatchObject([
      { url, connect: false },
      { url, connect: true },
    ]);
    expect(simulator.realtime['platform']).toEqual({
      url: `${second.urls.authorizer}/webhooks/stripe/authorizations`,
      secret: second.signingSecret,
    });
    await second.stop();
    await rm(join(folder, 'simulator.state'));
    await expect(start(environment, kept)).rejects.toThrow(
      /mixed set: simulator state .* missing.*rm -rf/s,
    );
    await nothingLeft(environment);
  });
});

/** As root the data may lie outside of the folder. */
async function removeData(folder: string): Promise<void> {
  const state = JSON.parse(await readFile(join(folder, 'stack.json'), 'utf8')) as {
    postgresData: string;
  };
  await rm(state.postgresData, { recursive: true, force: true });
}

async function stopDuration(stack: Stack): Promise<number> {
  const startedAt = performance.now();
  await stack.stop();
  return performance.now() - startedAt;
}

describe('a stack on a given database and Temporal server', () => {
  let database: TestDatabase;
  let given: Environment;
  beforeAll(async () => {
    database = await createTestDatabase();
    given = {
      DATABASE_URL: database.appUrl,
      DATABASE_OWNER_URL: database.ownerUrl,
      TEMPORAL_ADDRESS: 'temporal.invalid:7233',
    };
    return () => database.drop();
  });

  it('uses them, and starts a killed part again', async () => {
    const environment = stackEnvironment(given);
    const stack = await start(environment, { parts: ['worker'] });
    onTestFinished(() => stack.stop());
    expect(stack.urls.temporal).toBe('temporal.invalid:7233');
    expect(() => stack.part('postgres')).toThrow('did not start postgres');
    const worker = stack.part('worker');
    const before = worker.pid();
    await worker.kill('SIGKILL');
    expect(worker.pid()).toBeUndefined();
    await worker.start();
    expect(worker.pid()).not.toBe(before);
    expect((await environmentOf(stack.urls.worker))['DATABASE_URL']).toBe(database.appUrl);
    expect(await stopDuration(stack)).toBeLessThan(STOP_LIMIT_MS);
    expect(existsSync(stack.folder)).toBe(false);
    await nothingLeft(environment);
  });

  it('reports a part that ends by itself', async () => {
    const stack = await start(stackEnvironment(given), { parts: ['worker'] });
    onTestFinished(() => stack.stop());
    process.kill(stack.part('worker').pid() ?? 0, 'SIGKILL');
    expect(await stack.crashed).toContain('worker ended unexpectedly with signal SIGKILL');
  });

  it('ends within 5 s although a part ignores the request to end', async () => {
    const environment = stackEnvironment(given);
    const modules = { ...MODULES, worker: standIn('deaf') };
    const stack = await start(environment, { parts: ['worker', 'relay'], modules });
    expect(await stopDuration(stack)).toBeLessThan(STOP_LIMIT_MS);
    await nothingLeft(environment);
  });

  it('shows the end of the log of a part that cannot start, and leaves nothing behind', async () => {
    const environment = stackEnvironment(given);
    const modules = { ...MODULES, worker: standIn('failing') };
    const folder = await temporaryFolder();
    await expect(start(environment, { modules, folder })).rejects.toThrow(
      /worker ended with code 1 before it was ready.*STRIPE_SECRET_KEY is not set/s,
    );
    await nothingLeft(environment);
  });

  it('names a given database that cannot be reached, and the folder that stays for its logs', async () => {
    const owner = { ...given, DATABASE_OWNER_URL: 'postgres://issuing_owner:hush@127.0.0.1:1/x' };
    const app = { ...given, DATABASE_URL: 'postgres://issuing_app:hush@127.0.0.1:1/x' };
    for (const [environment, name] of [
      [stackEnvironment(owner), 'DATABASE_OWNER_URL: postgres://issuing_owner@127.0.0.1:1/x'],
      [stackEnvironment(app), 'DATABASE_URL: postgres://issuing_app@127.0.0.1:1/x'],
    ] as const) {
      const { message } = await start(environment).then(
        () => new Error('it started'),
        (error: Error) => error,
      );
      expect(message).toContain(`${name} cannot be used: connect ECONNREFUSED`);
      expect(message).not.toContain('hush');
      const logs = /\nThe logs are in (.*)$/.exec(message)?.[1];
      if (logs !== undefined) {
        expect(existsSync(logs)).toBe(true);
        await rm(dirname(logs), { recursive: true });
      }
      await nothingLeft(environment);
    }
  });

  it('ends at once when it is interrupted in the middle of the start', async () => {
    const environment = stackEnvironment(given);
    const interrupt = new AbortController();
    const starting = start(environment, {
      signal: interrupt.signal,
      onPart: (line) => {
        if (line.startsWith('simulator')) interrupt.abort(new Error('Interrupted by SIGINT'));
      },
    });
    await expect(starting).rejects.toThrow('Interrupted by SIGINT');
    await nothingLeft(environment);
  });

  it('leaves no process and no folder behind when it is killed outright', async () => {
    const environment = stackEnvironment(given);
    const { stackProcess, folder } = await startInProcess(environment);
    expect((await processesOf(environment)).length).toBeGreaterThan(2);
    stackProcess.kill('SIGKILL');
    await nothingLeft(environment);
    await eventually(() => !existsSync(folder));
  });

  it('ends in order on Ctrl-C', async () => {
    const environment = stackEnvironment(given);
    const { stackProcess, folder } = await startInProcess(environment);
    const ended = new Promise<number | null>((resolve) => {
      stackProcess.once('exit', (code) => resolve(code));
    });
    stackProcess.kill('SIGINT');
    expect(await ended).toBe(130);
    expect(existsSync(folder)).toBe(false);
    await nothingLeft(environment);
  });

  it('takes other ports when the usual ones are taken', async () => {
    const holder = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => holder.once('listening', resolve));
    onTestFinished(() => void holder.close());
    const address = holder.address();
    const taken = typeof address === 'object' ? address?.port : undefined;
    const ports = createPortPicker();
    onTestFinished(() => ports.releaseAll());
    const [first, second] = await Promise.all([ports.pick(taken), ports.pick(taken)]);
    expect(new Set([taken, first, second]).size).toBe(3);
  });
});

/** A stack in a process of its own, so that this can be killed; resolves once it is up. */
async function startInProcess(
  environment: Environment,
): Promise<{ stackProcess: ChildProcess; folder: string }> {
  const file = join(await temporaryFolder(), 'session.ts');
  const session = join(import.meta.dirname, '../../src/apps/cli/local/stack-session.ts');
  await writeFile(
    file,
    `import { withStack } from ${JSON.stringify(session)};
     const run = async () => {
       process.exitCode = await withStack(
         { mode: 'throwaway', ports: 'random', parts: ['worker'], modules: ${JSON.stringify(MODULES)} },
         (stack) => { console.log('folder ' + stack.folder); return new Promise(() => {}); },
       );
       process.exit();
     };
     void run();`,
  );
  const { command, args } = nodeCommand(file);
  const stackProcess = spawn(command, [...args], {
    env: { ...environment },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void stackProcess.kill('SIGKILL'));
  let output = '';
  stackProcess.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString('utf8');
  });
  const folder = await eventually(() => /^folder (.*)$/m.exec(output)?.[1], { timeoutMs: 15_000 });
  return { stackProcess, folder };
}
