/** Whatever happens to a managed program, its Issuing balance is what its top-ups, transactions, disputes and holds say. */
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Program, startProgram } from './program.ts';

let program: Program;
beforeAll(async () => {
  program = await startProgram();
});
afterAll(() => program.close());

type Step =
  | { readonly kind: 'fund' | 'force_capture' | 'pay' | 'unlinked_refund'; readonly amount: number }
  | {
      readonly kind: 'capture' | 'expire' | 'finalize' | 'increment' | 'refund' | 'reverse';
      readonly amount: number;
      /** Which of the authorizations or transactions so far. */
      readonly pick: number;
      readonly close: boolean;
    }
  | {
      readonly kind: 'dispute';
      /** Which of the captures so far. */
      readonly pick: number;
      readonly outcomes: readonly (typeof OUTCOMES)[number][];
    };

/** What the network does about a dispute. */
const OUTCOMES = ['reinstate_funds', 'rescind_funds', 'win', 'lose'] as const;

const RUNS = 25;
const STEPS_MAX = 14;
const AMOUNT_MAX = 1_500;

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    kind: fc.constantFrom('fund', 'force_capture', 'pay', 'unlinked_refund'),
    amount: fc.integer({ min: 1, max: AMOUNT_MAX }),
  }),
  fc.record({
    kind: fc.constantFrom('capture', 'expire', 'finalize', 'increment', 'refund', 'reverse'),
    amount: fc.integer({ min: 1, max: AMOUNT_MAX }),
    pick: fc.nat(STEPS_MAX),
    close: fc.boolean(),
  }),
  fc.record({
    kind: fc.constant('dispute' as const),
    pick: fc.nat(STEPS_MAX),
    outcomes: fc.array(fc.constantFrom(...OUTCOMES), { maxLength: 4 }),
  }),
);

interface Entry {
  readonly amount: number;
}
interface Authorization extends Entry {
  readonly id: string;
  readonly approved: boolean;
  readonly status: string;
  readonly balance_transactions: readonly Entry[];
}
interface Dispute extends Entry {
  readonly balance_transactions: readonly Entry[];
}
interface Transaction extends Entry {
  readonly id: string;
  readonly balance_transaction: Entry;
}

const sum = (entries: readonly Entry[]) => entries.reduce((total, { amount }) => total + amount, 0);

/** A connected account of its own for each run; straight to the wire, because there are many calls. */
async function newAccount() {
  const account = String((await program.control('POST', '/_sim/accounts', {}))['id']);
  await program.control('PUT', `/_sim/accounts/${account}/settings`, { program: 'managed' });
  const call = async (method: string, path: string, body = ''): Promise<Response> =>
    fetch(`${program.simulator.url}/v1${path}`, {
      method,
      headers: {
        authorization: 'Bearer sk_test_simulator',
        'stripe-account': account,
        'content-type': 'application/x-www-form-urlencoded',
      },
      ...(method === 'POST' ? { body } : {}),
    });
  const post = async (path: string, body = ''): Promise<Record<string, unknown>> =>
    (await (await call('POST', path, body)).json()) as Record<string, unknown>;
  const list = async <T>(path: string): Promise<readonly T[]> =>
    ((await (await call('GET', path)).json()) as { data: T[] }).data;
  const holder = await post(
    '/issuing/cardholders',
    'name=Jenny&billing[address][line1]=a&billing[address][city]=b&billing[address][postal_code]=1&billing[address][country]=US',
  );
  const card = await post(
    '/issuing/cards',
    `cardholder=${String(holder['id'])}&currency=usd&type=virtual&status=active`,
  );
  return { account, post, list, card: String(card['id']) };
}

type Sandbox = Awaited<ReturnType<typeof newAccount>>;

/** Steps that the state does not allow are refused by the simulator, which is as good as not taking them. */
async function take(sandbox: Sandbox, taken: Step): Promise<void> {
  if (taken.kind === 'dispute') return dispute(sandbox, taken);
  const { account, post, list, card } = sandbox;
  const helpers = '/test_helpers/issuing';
  const money = `card=${card}&amount=${taken.amount}`;
  switch (taken.kind) {
    case 'fund':
      await program.control('POST', `/_sim/accounts/${account}/balance`, {
        amount: taken.amount,
        currency: 'usd',
      });
      return;
    case 'pay':
      await post(`${helpers}/authorizations`, money);
      return;
    case 'force_capture':
      await post(`${helpers}/transactions/create_force_capture`, money);
      return;
    case 'unlinked_refund':
      await post(`${helpers}/transactions/create_unlinked_refund`, money);
      return;
    case 'refund': {
      const rows = await list<Transaction>('/issuing/transactions?limit=100&type=capture');
      const id = rows[taken.pick % Math.max(1, rows.length)]?.id;
      if (id === undefined) return;
      await post(`${helpers}/transactions/${id}/refund`, `refund_amount=${taken.amount}`);
      return;
    }
    default: {
      const rows = await list<Authorization>('/issuing/authorizations?limit=100');
      const id = rows[taken.pick % Math.max(1, rows.length)]?.id;
      if (id === undefined) return;
      const { amount, close } = taken;
      const [path, body] = {
        capture: ['capture', `capture_amount=${amount}&close_authorization=${close}`],
        expire: ['expire', ''],
        finalize: ['finalize_amount', `final_amount=${amount}`],
        increment: ['increment', `increment_amount=${amount}`],
        reverse: ['reverse', close ? '' : `reverse_amount=${amount}`],
      }[taken.kind] as [string, string];
      await post(`${helpers}/authorizations/${id}/${path}`, body);
    }
  }
}

async function dispute(
  { post, list }: Sandbox,
  { pick, outcomes }: Extract<Step, { kind: 'dispute' }>,
): Promise<void> {
  const rows = await list<Transaction>('/issuing/transactions?limit=100&type=capture');
  const id = rows[pick % Math.max(1, rows.length)]?.id;
  if (id === undefined) return;
  const evidence = 'evidence[reason]=fraudulent&evidence[fraudulent][explanation]=No';
  const { id: made } = await post('/issuing/disputes', `transaction=${id}&${evidence}`);
  if (typeof made !== 'string') return;
  await post(`/issuing/disputes/${made}/submit`);
  for (const outcome of outcomes) {
    const url = `${program.simulator.url}/_sim/issuing/disputes/${made}/${outcome}`;
    await fetch(url, { method: 'POST' });
  }
}

const balances = async (account: string) =>
  (await program.control('GET', `/_sim/accounts/${account}/balance`))['balances'];

describe('whatever happens to a managed program', () => {
  it('has what was put in, less captures, plus refunds and the money of disputes, less open holds', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 4, maxLength: STEPS_MAX }), async (steps) => {
        const sandbox = await newAccount();
        // Without money nothing else would happen.
        const all: readonly Step[] = [{ kind: 'fund', amount: 2 * AMOUNT_MAX }, ...steps];
        for (const taken of all) await take(sandbox, taken);
        const rows = await sandbox.list<Authorization>('/issuing/authorizations?limit=100');
        const transactions = await sandbox.list<Transaction>(
          '/issuing/transactions?limit=100&expand[]=data.balance_transaction',
        );
        const disputes = await sandbox.list<Dispute>('/issuing/disputes?limit=100');
        const back = disputes.map((row) => sum(row.balance_transactions));
        for (const [at, { amount }] of disputes.entries()) expect([0, amount]).toContain(back[at]);
        const put = sum(all.flatMap((taken) => (taken.kind === 'fund' ? [taken] : [])));
        const held = sum(rows.filter(({ status, approved }) => approved && status === 'pending'));
        const available = put + sum(transactions) + back.reduce((a, b) => a + b, 0) - held;
        expect(await balances(sandbox.account)).toEqual([{ currency: 'usd', available, held }]);
        const entries = [
          ...rows.flatMap(({ balance_transactions: own }) => own),
          ...transactions.map(({ balance_transaction: own }) => own),
          ...disputes.flatMap(({ balance_transactions: own }) => own),
        ];
        expect(put + sum(entries)).toBe(available);
      }),
      { numRuns: RUNS },
    );
  });
});
