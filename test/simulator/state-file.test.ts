import { spawn } from 'node:child_process';
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { createSimulator } from '../../src/simulator/index.ts';
import { eventually } from '../support/eventually.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { connect, startProgram, startReceiver } from './program.ts';

const MAIN = fileURLToPath(new URL('../../src/simulator/main.ts', import.meta.url));

describe('the state file', () => {
  it('keeps the key of a call that the end cut off, so that its authorization is not made twice', async () => {
    const stateFile = join(await temporaryFolder(), 'state.json');
    const first = await startProgram({ stateFile });
    const card = await first.card();
    // The endpoint never answers.
    await first.decideWith(() => undefined);
    const body = new URLSearchParams({ card: card.id, amount: '100' });
    const headers = { authorization: 'Bearer sk_test_x', 'idempotency-key': 'cut' };
    const path = '/v1/test_helpers/issuing/authorizations';
    const cut = fetch(`${first.simulator.url}${path}`, { method: 'POST', headers, body });
    const ended = cut.then(
      () => 'answered',
      () => 'cut off',
    );
    await eventually(() => first.receiver.received.length > 0);
    await first.simulator.close();
    expect(await ended).toBe('cut off');

    const second = createSimulator({ stateFile });
    await second.listen();
    try {
      const again = await fetch(`${second.url}${path}`, { method: 'POST', headers, body });
      expect(again.headers.get('idempotent-replayed')).toBe('true');
      const { data } = await connect(second).issuing.authorizations.list();
      expect(data).toMatchObject([{ status: 'closed' }]);
    } finally {
      await second.close();
      await first.receiver.close();
    }
  });

  it('keeps objects, endpoints, keys and undelivered events over a restart', async () => {
    const folder = await temporaryFolder();
    const stateFile = join(folder, 'state.json');
    // Due again an hour and 20 s after the first attempt, whatever this machine is busy with.
    const retrySchedule = [3_620];
    const first = await startProgram({ stateFile, retrySchedule });
    const endpoint = await first.subscribe();
    const port = Number(new URL(first.receiver.url).port);
    await first.receiver.close();
    // Of all time: the day may end within the hour that passes.
    const card = await first.card({
      spending_controls: { spending_limits: [{ amount: 50_000, interval: 'all_time' }] },
    });
    const { authorizations } = first.stripe.testHelpers.issuing;
    const held = await authorizations.create(
      { card: card.id, amount: 40_000 },
      { idempotencyKey: 'k' },
    );
    await first.control('PUT', '/_sim/accounts/platform/settings', { timeoutPolicy: 'approve' });
    const { now } = await first.control('POST', '/_sim/clock/advance', { seconds: 3_600 });
    await first.simulator.close();

    const receiver = await startReceiver(port);
    const second = createSimulator({ stateFile, retrySchedule });
    await second.listen();
    try {
      expect(second.platformAccount).toBe(first.simulator.platformAccount);
      await fetch(`${second.url}/_sim/clock/advance`, { method: 'POST', body: '{"seconds":20}' });
      await second.settle();
      expect(receiver.types().toSorted()).toEqual([
        'issuing_authorization.created',
        'issuing_card.created',
        'issuing_cardholder.created',
      ]);
      const stripe = connect(second);
      const [received] = receiver.received;
      expect(() =>
        stripe.webhooks.constructEvent(
          received?.raw ?? '',
          String(received?.headers['stripe-signature']),
          endpoint.secret ?? '',
        ),
      ).not.toThrow();
      expect(await stripe.issuing.authorizations.retrieve(held.id)).toMatchObject({
        amount: 40_000,
        status: 'pending',
      });
      const replayed = await stripe.testHelpers.issuing.authorizations.create(
        { card: card.id, amount: 40_000 },
        { idempotencyKey: 'k' },
      );
      expect(replayed.id).toBe(held.id);
      const over = await stripe.testHelpers.issuing.authorizations.create({
        card: card.id,
        amount: 20_000,
      });
      expect(over).toMatchObject({
        approved: false,
        request_history: [{ reason: 'spending_controls' }],
      });
      expect(over.created).toBeGreaterThanOrEqual(Number(now));
      expect(over.id).not.toBe(held.id);
    } finally {
      await second.close();
      await receiver.close();
    }
    expect(await readdir(folder)).toEqual(['state.json']);
  });

  it('is refused when it is something else', async () => {
    const file = join(await temporaryFolder(), 'state.json');
    await writeFile(file, 'precious');
    expect(() => createSimulator({ stateFile: file })).toThrow('not a state file');
    for (const format of [4, 5, 99]) {
      await writeFile(file, JSON.stringify({ format }));
      expect(() => createSimulator({ stateFile: file })).toThrow('not a state file');
    }
  });

  it('has to be in a place that can be written to', async () => {
    const stateFile = join(await temporaryFolder(), 'nowhere', 'state.json');
    expect(() => createSimulator({ stateFile })).toThrow(`cannot be saved in ${stateFile}`);
  });
});

interface Ended {
  readonly code: number | null;
  readonly output: string;
  readonly problems: string;
}

function start(args: readonly string[]) {
  const child = spawn(process.execPath, ['--import', 'tsx', MAIN, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const text = { output: '', problems: '' };
  child.stdout.on('data', (chunk: Buffer) => {
    text.output += chunk.toString();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    text.problems += chunk.toString();
  });
  const ended = new Promise<Ended>(
    (resolve) => void child.on('exit', (code) => resolve({ code, ...text })),
  );
  return { child, text, ended };
}

describe('the process', () => {
  it('prints its URL, answers, saves its state on SIGTERM and ends with 0', async () => {
    const stateFile = join(await temporaryFolder(), 'state.json');
    const { child, text, ended } = start(['--port', '0', '--seed', '3', '--state', stateFile]);
    const url = await eventually(() => /http:\S+/.exec(text.output)?.[0]);
    expect(await (await fetch(`${url}/_sim/health`)).json()).toMatchObject({ status: 'ok' });
    child.kill('SIGTERM');
    expect((await ended).code).toBe(0);
    expect(await readdir(join(stateFile, '..'))).toEqual(['state.json']);
  });

  it('tells when its state cannot be saved, at the start and later, and ends with 1', async () => {
    const folder = join(await temporaryFolder(), 'gone');
    const stateFile = join(folder, 'state.json');
    const args = ['--port', '0', '--state', stateFile];
    const refused = await start(args).ended;
    expect([refused.code, refused.output]).toEqual([1, '']);
    expect(refused.problems).toContain(`The state cannot be saved in ${stateFile}`);
    await mkdir(folder);
    const { child, text, ended } = start(args);
    const url = await eventually(() => /http:\S+/.exec(text.output)?.[0]);
    await rm(folder, { recursive: true });
    await fetch(`${url}/_sim/accounts`, { method: 'POST', body: '{}' });
    await eventually(() => /cannot be saved/.exec(text.problems) ?? undefined);
    child.kill('SIGTERM');
    const { code, problems } = await ended;
    expect(code).toBe(1);
    expect(problems.match(/cannot be saved/g)).toHaveLength(2);
  });

  it('refuses wrong arguments with a clear message', async () => {
    const wrong = [
      [['--port', 'many'], '--port is "many"'],
      [['--captured-amount', 'grows'], 'shrinks, stays'],
      [['--retries', 'never'], 'fast, sandbox, live'],
      [['--disable-endpoints', 'yes'], 'live, always, never'],
      [['--retention-days', '-1'], '--retention-days'],
      [['--rate-limits', 'some'], 'off, sandbox, live'],
      [['--validity-days', 'x'], '--validity-days is "x"'],
    ] as const;
    const started = wrong.map(([args, hint]) => ({ hint, end: start(args).ended }));
    for (const { hint: expected, end } of started) {
      const { code, problems } = await end;
      expect(code).toBe(1);
      expect(problems).toContain(expected);
      expect(problems).not.toContain('    at ');
    }
  });
});
