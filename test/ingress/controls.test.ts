/** Spending controls through the API: what is kept, what is refused, and who is told of it. */
import { randomUUID } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import type { CardPhase } from '../../src/domain/card-phase.ts';
import { eventually } from '../support/eventually.ts';
import { accountCommands } from './account-commands.ts';
import { API_KEY, ingressUnderTest } from './ingress-under-test.ts';
import { cardIn, type TestCard } from './program.ts';

const ingress = ingressUnderTest();
const { whileHeld } = accountCommands(ingress);

const WANTED = {
  blockedCategories: ['betting_casino_gambling'],
  allowedCountries: ['US', 'CA'],
  blockedPresences: ['not_present'],
  blockedMerchants: ['552067000123456'],
  limits: [
    { interval: 'per_authorization', amountMinor: 20_000 },
    { interval: 'daily', amountMinor: 50_000, count: 20 },
    { interval: 'monthly', count: 5, categories: ['taxicabs_limousines'] },
  ],
  verification: { not_present: { cvc: 'match', declinedThreeDSecure: ['failed', 'none'] } },
};

/** The three that can have controls: where, and the row they are kept in. */
const OWNERS = {
  card: { path: 'cards', table: 'cards', id: 'card_id', unknown: 'CARD_NOT_FOUND' },
  account: { path: 'accounts', table: 'accounts', id: 'account_id', unknown: 'ACCOUNT_NOT_FOUND' },
  tenant: { path: 'tenants', table: 'tenants', id: 'tenant_id', unknown: 'TENANT_NOT_FOUND' },
} as const;
type Owner = keyof typeof OWNERS;
const owners = Object.keys(OWNERS) as Owner[];

let card: TestCard;
beforeAll(async () => {
  card = await cardIn(ingress, 'active');
});
const idOf = (owner: Owner): string =>
  ({ card: card.cardId, account: card.accountId, tenant: card.tenantId })[owner];
const urlOf = (owner: Owner, id = idOf(owner)) => `/v1/${OWNERS[owner].path}/${id}/controls`;

async function rowOf(owner: Owner): Promise<{ controls: unknown; version: number }> {
  const { table, id } = OWNERS[owner];
  const [row] = await ingress.sql<{ controls: unknown; version: number }[]>`
    select controls, version from ${ingress.sql(table)} where ${ingress.sql(id)} = ${idOf(owner)}`;
  if (row === undefined) throw new Error(`the ${owner} is there`);
  return { ...row };
}

const timeline = async () =>
  (await ingress.get(`/v1/cards/${card.cardId}/timeline`)).body.data?.map(({ kind, body }) => ({
    kind,
    body,
  }));

describe.each(owners)('controls of a %s', (owner) => {
  const wanted = owner === 'tenant' ? tenantWide(WANTED) : WANTED;

  it('are replaced as a whole, and lifted by an empty object', async () => {
    expect((await ingress.get(urlOf(owner))).body).toEqual({});
    for (const controls of [wanted, { blockedCountries: ['KP'] }, {}]) {
      const put = await ingress.put(urlOf(owner), controls);
      expect(put.status).toBe(200);
      expect(put.body).toEqual(controls);
      expect((await ingress.get(urlOf(owner))).body).toEqual(controls);
      expect((await rowOf(owner)).controls).toEqual(controls);
    }
  });

  it('get a new version with each change, and are announced to the processes', async () => {
    await ingress.put(urlOf(owner), {});
    const { version } = await rowOf(owner);
    const heard: string[] = [];
    const listening = await ingress.sql.listen('profile_changed', (text) => heard.push(text));
    await ingress.put(urlOf(owner), wanted);
    expect((await rowOf(owner)).version).toBe(version + 1);
    // The order of fields makes no difference.
    const reordered = Object.fromEntries(Object.entries(wanted).toReversed());
    await ingress.put(urlOf(owner), reordered);
    expect((await rowOf(owner)).version).toBe(version + 1);
    await ingress.put(urlOf(owner), {});
    expect((await rowOf(owner)).version).toBe(version + 2);
    const announced = `${OWNERS[owner].table}:${idOf(owner)}`;
    await eventually(() => heard.filter((text) => text === announced).length === 2);
    await listening.unlisten();
  });

  it('are set once for a key, also when they were changed since', async () => {
    const key = randomUUID();
    const first = await ingress.put(urlOf(owner), { blockedCountries: ['KP'] }, { key });
    await ingress.put(urlOf(owner), {});
    const again = await ingress.put(urlOf(owner), { blockedCountries: ['KP'] }, { key });
    expect(again.headers['idempotent-replayed']).toBe('true');
    expect(again.body).toEqual(first.body);
    expect((await rowOf(owner)).controls).toEqual({});
    const other = await ingress.put(urlOf(owner), { blockedCountries: ['IR'] }, { key });
    expect(`${other.status} ${other.body.error?.code}`).toBe('409 IDEMPOTENCY_KEY_REUSED');
    const without = await ingress.put(urlOf(owner), {}, { key: null });
    expect(`${without.status} ${without.body.error?.code}`).toBe('400 IDEMPOTENCY_KEY_MISSING');
  });

  it('of one that does not exist are not found', async () => {
    const prefix = idOf(owner).replace(/_.*/, '');
    const code = `404 ${OWNERS[owner].unknown}`;
    for (const id of [`${prefix}_${'0'.repeat(32)}`, 'no-id-at-all']) {
      const read = await ingress.get(urlOf(owner, id));
      const put = await ingress.put(urlOf(owner, id), {});
      expect([read, put].map((a) => `${a.status} ${a.body.error?.code}`)).toEqual([code, code]);
    }
  });

  it('stay when nothing is sent in their place', async () => {
    await ingress.put(urlOf(owner), wanted);
    for (const headers of [{}, { 'content-type': 'application/json' }]) {
      const answer = await ingress.inject({
        method: 'PUT',
        url: urlOf(owner),
        headers: {
          authorization: `Bearer ${API_KEY}`,
          'idempotency-key': randomUUID(),
          ...headers,
        },
      });
      expect(answer.status).toBe(400);
    }
    expect((await rowOf(owner)).controls).toEqual(wanted);
    await ingress.put(urlOf(owner), {});
  });
});

/** The same controls with the currency that amounts of a tenant need. */
function tenantWide(controls: typeof WANTED): object {
  const limits = controls.limits.map((limit) =>
    'amountMinor' in limit ? { ...limit, currency: 'usd' } : limit,
  );
  return { ...controls, limits };
}

describe('controls are refused', () => {
  const limit = { interval: 'daily', amountMinor: 5 };
  const many = (n: number) => Array.from({ length: n }, (_, index) => `merchant-${index}`);
  it.each<[string, unknown, ...string[]]>([
    ['an unknown field', { allowedCategory: ['bakeries'] }, 'allowedCategory'],
    ['a list that is none', { allowedCategories: 'bakeries' }, 'allowedCategories'],
    ['an empty list', { allowedCountries: [] }, 'allowedCountries'],
    ['a list without an end', { blockedMerchants: many(301) }, 'blockedMerchants'],
    ['null', { blockedMerchants: null }, 'blockedMerchants'],
    ['both lists', { allowedCountries: ['US'], blockedCountries: ['CA'] }, 'blockedCountries'],
    ['a repeated entry', { blockedCountries: ['CA', 'CA'] }, 'blockedCountries.1'],
    [
      'unknown categories, each of them',
      { blockedCategories: ['bakerys', 'bakeries', 'gambling'] },
      'blockedCategories.0',
      'blockedCategories.2',
    ],
    ['an unknown country', { blockedCountries: ['UK'] }, 'blockedCountries.0'],
    ['a country in small letters', { blockedCountries: ['us'] }, 'blockedCountries.0'],
    ['an unknown presence', { allowedPresences: ['chip'] }, 'allowedPresences.0'],
    ['blanks around a merchant', { allowedMerchants: [' 1 '] }, 'allowedMerchants.0'],
    ['a limit of nothing', { limits: [{ interval: 'daily' }] }, 'limits.0'],
    ['an unknown interval', { limits: [{ ...limit, interval: 'hourly' }] }, 'limits.0.interval'],
    ['a missing interval', { limits: [{ amountMinor: 5 }] }, 'limits.0.interval'],
    ['an amount below zero', { limits: [{ ...limit, amountMinor: -1 }] }, 'limits.0.amountMinor'],
    ['a fraction', { limits: [{ ...limit, amountMinor: 0.5 }] }, 'limits.0.amountMinor'],
    ['an absurd amount', { limits: [{ ...limit, amountMinor: 1e13 }] }, 'limits.0.amountMinor'],
    ['an amount as text', { limits: [{ ...limit, amountMinor: '5' }] }, 'limits.0.amountMinor'],
    ['a count of zero', { limits: [{ ...limit, count: 0 }] }, 'limits.0.count'],
    ['an absurd count', { limits: [{ ...limit, count: 1_000_001 }] }, 'limits.0.count'],
    [
      'a count within one authorization',
      { limits: [{ interval: 'per_authorization', amountMinor: 5, count: 1 }] },
      'limits.0.count',
    ],
    ['an empty list of a limit', { limits: [{ ...limit, categories: [] }] }, 'limits.0.categories'],
    [
      'an unknown category of a limit',
      { limits: [limit, { ...limit, categories: ['bread'] }] },
      'limits.1.categories.0',
    ],
    [
      "a currency in a card's limit",
      { limits: [{ ...limit, currency: 'usd' }] },
      'limits.0.currency',
    ],
    ['the same limit twice', { limits: [limit, limit] }, 'limits.1'],
    [
      'more limits than can be summed up',
      { limits: Array.from({ length: 21 }, (_, index) => ({ ...limit, amountMinor: index })) },
      'limits',
    ],
    [
      'an unknown rule',
      { verification: { present: { cvc: 'strict' } } },
      'verification.present.cvc',
    ],
    ['an unknown presence of a rule', { verification: { online: {} } }, 'verification.online'],
    [
      'an unknown outcome of 3D Secure',
      { verification: { present: { declinedThreeDSecure: ['maybe'] } } },
      'verification.present.declinedThreeDSecure.0',
    ],
    ['a list in their place', [], ''],
  ])('for %s, and nothing is changed', async (_what, body, ...paths) => {
    const before = await rowOf('card');
    const answer = await ingress.put(urlOf('card'), body);
    expect(`${answer.status} ${answer.body.error?.code}`).toBe('400 VALIDATION_FAILED');
    const fields = answer.body.error?.details?.['fields'] as { path: string; in: string }[];
    expect([...new Set(fields.map((field) => field.path))]).toEqual(paths);
    expect(new Set(fields.map((field) => field.in))).toEqual(new Set(['body']));
    expect(await rowOf('card')).toEqual(before);
  });

  it.each<[string, Owner, object]>([
    ['without one for a tenant', 'tenant', limit],
    ['unknown to us for a tenant', 'tenant', { ...limit, currency: 'xxq' }],
    ["other than the account's own", 'account', { ...limit, currency: 'eur' }],
  ])('for the currency of a limit: %s', async (_what, owner, wrong) => {
    const answer = await ingress.put(urlOf(owner), { limits: [wrong] });
    expect(`${answer.status} ${answer.body.error?.code}`).toBe('400 VALIDATION_FAILED');
    expect(answer.body.error?.details).toMatchObject({ fields: [{ path: 'limits.0.currency' }] });
  });

  it('with the first twenty of many mistakes', async () => {
    const blockedCategories = Array.from({ length: 300 }, (_, index) => `nothing_${index}`);
    const answer = await ingress.put(urlOf('card'), { blockedCategories });
    expect(answer.body.error?.details?.['fields']).toHaveLength(20);
  });
});

describe('the largest controls', () => {
  it('are kept and read', async () => {
    const merchants = Array.from({ length: 300 }, (_, index) => `m${index}`.padEnd(100, 'x'));
    const wanted = {
      blockedMerchants: merchants,
      limits: Array.from({ length: 20 }, (_, index) => ({
        interval: 'yearly',
        amountMinor: 1_000_000_000_000 - index,
        count: 1_000_000,
      })),
    };
    expect((await ingress.put(urlOf('account'), wanted)).status).toBe(200);
    expect((await ingress.get(urlOf('account'))).body).toEqual(wanted);
    await ingress.put(urlOf('account'), {});
  });
});

describe('a change of controls', () => {
  it('is in the timeline of its card, once', async () => {
    await ingress.put(urlOf('card'), {});
    const before = await timeline();
    const controls = { blockedCountries: ['KP'] };
    await ingress.put(urlOf('card'), controls);
    await ingress.put(urlOf('card'), controls);
    expect(await timeline()).toEqual([
      { kind: 'controls_changed', body: { controls } },
      ...(before ?? []),
    ]);
  });

  it.each(['card', 'account'] as const)(
    'of a %s waits for a decision that holds the account',
    async (owner) => {
      let isAnswered = false;
      const put = await whileHeld(
        card.accountId,
        () => ingress.put(urlOf(owner), WANTED).finally(() => (isAnswered = true)),
        async () => expect(isAnswered).toBe(false),
      );
      expect(put.status).toBe(200);
      await ingress.put(urlOf(owner), {});
    },
  );

  it('of a tenant waits for no account', async () => {
    await ingress.sql.begin(async (tx) => {
      await tx`select 1 from accounts where account_id = ${card.accountId} for no key update`;
      expect((await ingress.put(urlOf('tenant'), { blockedCountries: ['KP'] })).status).toBe(200);
    });
    await ingress.put(urlOf('tenant'), {});
  });
});

describe('what has ended', () => {
  it.each<CardPhase>(['winding_down', 'closed'])(
    'takes no controls: a card in %s',
    async (phase) => {
      const ended = await cardIn(ingress, phase);
      const answer = await ingress.put(urlOf('card', ended.cardId), WANTED);
      expect(answer.status).toBe(409);
      expect(answer.body.error).toMatchObject({
        code: 'WRONG_PHASE',
        details: { command: 'set-controls', phase },
      });
      expect((await ingress.get(urlOf('card', ended.cardId))).body).toEqual({});
    },
  );

  it('takes no controls: a closed account; a frozen one does', async () => {
    const { accountId } = await cardIn(ingress, 'active');
    await ingress.post(`/v1/accounts/${accountId}/freeze`);
    expect((await ingress.put(urlOf('account', accountId), WANTED)).status).toBe(200);
    await ingress.post(`/v1/accounts/${accountId}/close`);
    const answer = await ingress.put(urlOf('account', accountId), {});
    expect(answer.status).toBe(409);
    expect(answer.body.error).toMatchObject({
      code: 'ACCOUNT_NOT_OPEN',
      details: { status: 'closed' },
    });
    expect((await ingress.get(urlOf('account', accountId))).body).toEqual(WANTED);
  });
});
