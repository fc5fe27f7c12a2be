/**
 * Goal: the curl commands of Stripe's processor-only guide work with nothing changed but the host. Method: real curl
 * runs the same options in the same spelling; only that it writes out the status is added.
 */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createSimulator, type Simulator } from '../../src/simulator/index.ts';
import { validateAnswer } from './openapi.ts';

interface CurlAnswer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

const HOST = 'https://api.stripe.com';
const WRITE_STATUS = String.raw`--noproxy '*' --write-out '\n%{http_code}'`;
const NOT_FOUND_BY_SHELL = 127;

let simulator: Simulator;
beforeAll(async () => {
  simulator = createSimulator();
  await simulator.listen();
});
afterAll(() => simulator.close());

/** Runs a command of the guide against the simulator, and validates what it answers. */
async function run(command: string): Promise<CurlAnswer> {
  const local = `${command.replace(HOST, simulator.url)} ${WRITE_STATUS}`;
  const { stdout } = await promisify(execFile)('sh', ['-c', local]).catch((error: unknown) => {
    const isAbsent = error instanceof Error && 'code' in error && error.code === NOT_FOUND_BY_SHELL;
    throw isAbsent ? new Error('This test needs the program curl, which is not installed.') : error;
  });
  const cut = stdout.lastIndexOf('\n');
  const status = Number(stdout.slice(cut + 1));
  const body = JSON.parse(stdout.slice(0, cut)) as CurlAnswer['body'];
  const path = /\/v1\/\S+/.exec(command)?.[0] ?? '';
  validateAnswer({ method: 'POST', path, status }, body);
  return { status, body };
}

const createCardholder = (header = ''): Promise<CurlAnswer> =>
  run(`curl https://api.stripe.com/v1/issuing/cardholders \
    -u "sk_test_simulator:" ${header} \
    -d "name=Jenny Rosen" \
    --data-urlencode "email=jenny.rosen@example.com" \
    --data-urlencode "phone_number=+18008675309" \
    -d status=active \
    -d type=individual \
    -d "billing[address][line1]=123 Main Street" \
    -d "billing[address][city]=San Francisco" \
    -d "billing[address][state]=CA" \
    -d "billing[address][postal_code]=94111" \
    -d "billing[address][country]=US"`);

const createCard = (cardholder: string, header = ''): Promise<CurlAnswer> =>
  run(`curl https://api.stripe.com/v1/issuing/cards \
    -u "sk_test_simulator:" ${header} \
    -d currency=usd \
    -d type=physical \
    -d "cardholder=${cardholder}" \
    -d "shipping[name]=Jenny Rosen" \
    -d "shipping[address][line1]=123 Main St" \
    -d "shipping[address][city]=San Francisco" \
    -d "shipping[address][state]=CA" \
    -d "shipping[address][postal_code]=94111" \
    -d "shipping[address][country]=US"`);

const activate = (card: string, account: string): Promise<CurlAnswer> =>
  run(`curl https://api.stripe.com/v1/issuing/cards/${card} \
    -u "sk_test_simulator:" \
    -H "Stripe-Account: ${account}" \
    -d status=active`);

const ADDRESS = { city: 'San Francisco', country: 'US', postal_code: '94111', state: 'CA' };

describe('the commands of the processor-only guide', () => {
  test('create a cardholder and a physical card, and activate it as the named account', async () => {
    const cardholder = await createCardholder();
    expect(cardholder).toMatchObject({
      status: 200,
      body: {
        object: 'issuing.cardholder',
        name: 'Jenny Rosen',
        email: 'jenny.rosen@example.com',
        phone_number: '+18008675309',
        status: 'active',
        type: 'individual',
        billing: { address: { ...ADDRESS, line1: '123 Main Street' } },
      },
    });

    const card = await createCard(String(cardholder.body['id']));
    expect(card).toMatchObject({
      status: 200,
      body: {
        object: 'issuing.card',
        currency: 'usd',
        status: 'inactive',
        type: 'physical',
        cardholder: { id: cardholder.body['id'] },
        shipping: {
          name: 'Jenny Rosen',
          address: { ...ADDRESS, line1: '123 Main St' },
          status: 'pending',
        },
      },
    });

    const activated = await activate(String(card.body['id']), simulator.platformAccount);
    expect(activated).toMatchObject({
      status: 200,
      body: { id: card.body['id'], status: 'active', type: 'physical' },
    });
  });

  test('do the same for a connected account, which alone can see what it owns', async () => {
    const account = 'acct_1ProcessorOnlyGuide';
    await fetch(`${simulator.url}/_sim/accounts`, {
      method: 'POST',
      body: JSON.stringify({ id: account }),
    });
    const header = `-H "Stripe-Account: ${account}"`;
    const cardholder = await createCardholder(header);
    const card = await createCard(String(cardholder.body['id']), header);
    const id = String(card.body['id']);

    expect(await activate(id, simulator.platformAccount)).toMatchObject({
      status: 404,
      body: { error: { code: 'resource_missing' } },
    });
    expect(await activate(id, account)).toMatchObject({
      status: 200,
      body: { id, status: 'active' },
    });
  });
});
