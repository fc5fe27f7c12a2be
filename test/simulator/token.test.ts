import type Stripe from 'stripe';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Program, refusal, startProgram } from './program.ts';

let program: Program;
beforeAll(async () => {
  program = await startProgram({ clock: 'virtual' });
  await program.subscribe();
});
afterEach(async () => {
  await program.simulator.settle();
  program.receiver.received.length = 0;
});
afterAll(() => program.close());

type Token = Stripe.Issuing.Token;

const ask = async (card: { id: string }, body: object = {}): Promise<Token> =>
  (await program.control('POST', '/_sim/issuing/tokens', {
    card: card.id,
    wallet_provider: 'apple_pay',
    status: 'active',
    ...body,
  })) as unknown as Token;

const delivered = async (type: string): Promise<Stripe.Event[]> => {
  await program.simulator.settle();
  return program.receiver.events(type);
};

const pay = (card: { id: string }, wallet: 'apple_pay' | 'google_pay' = 'apple_pay') =>
  program.stripe.testHelpers.issuing.authorizations.create({ card: card.id, amount: 100, wallet });

describe('a token', () => {
  it('is requested by a wallet and then activated, with an event for each', async () => {
    const card = await program.card();
    const requested = await ask(card, { status: 'requested' });
    expect(requested).toMatchObject({
      id: expect.stringMatching(/^intok_/),
      card: card.id,
      network: 'visa',
      status: 'requested',
      wallet_provider: 'apple_pay',
    });
    const [created] = await delivered('issuing_token.created');
    expect(created?.data).toEqual({ object: requested });
    await program.control('POST', '/_sim/clock/advance', { seconds: 60 });
    const active = await program.control('POST', `/_sim/issuing/tokens/${requested.id}`, {
      status: 'active',
    });
    expect(active).toMatchObject({
      status: 'active',
      network_updated_at: requested.network_updated_at + 60,
    });
    const [updated] = await delivered('issuing_token.updated');
    expect(updated?.data).toEqual({
      object: active,
      previous_attributes: {
        status: 'requested',
        network_updated_at: requested.network_updated_at,
      },
    });
  });

  it('can be suspended, resumed and deleted for good', async () => {
    const { tokens } = program.stripe.issuing;
    const token = await ask(await program.card());
    const set = (status: Stripe.Issuing.TokenUpdateParams.Status) =>
      tokens.update(token.id, { status });
    expect((await set('suspended')).status).toBe('suspended');
    expect((await set('active')).status).toBe('active');
    // Once more is no change, hence no event.
    await set('active');
    expect((await set('deleted')).status).toBe('deleted');
    for (const status of ['active', 'suspended'] as const) {
      expect(await refusal(set(status))).toMatchObject({ statusCode: 400, param: 'status' });
    }
    const changes = await delivered('issuing_token.updated');
    expect(changes.map((event) => (event.data.object as Token).status).toSorted()).toEqual([
      'active',
      'deleted',
      'suspended',
    ]);
    const requested = await ask(await program.card(), { status: 'requested' });
    const early = await refusal(tokens.update(requested.id, { status: 'suspended' }));
    expect(early.message).toBe('A requested token cannot become suspended. (status)');
    const back = tokens.update(requested.id, { status: 'requested' });
    expect(await refusal(back)).toMatchObject({ statusCode: 400, param: 'status' });
  });

  it('outlives its card, but is not activated any more', async () => {
    const card = await program.card();
    const token = await ask(card, { status: 'requested' });
    await program.stripe.issuing.cards.update(card.id, { status: 'canceled' });
    const { tokens } = program.stripe.issuing;
    expect((await tokens.retrieve(token.id)).status).toBe('requested');
    const error = await refusal(tokens.update(token.id, { status: 'active' }));
    expect(error).toMatchObject({ statusCode: 400, param: 'status' });
    expect((await tokens.update(token.id, { status: 'deleted' })).status).toBe('deleted');
  });

  it('shows what the network told for a day, and only when expanded', async () => {
    const { tokens } = program.stripe.issuing;
    const card = await program.card();
    const token = await ask(card, {
      device: { type: 'watch', name: 'Wrist' },
      wallet_provider_data: { suggested_decision: 'require_auth', reason_codes: ['high_risk'] },
    });
    expect(token).not.toHaveProperty('network_data');
    expect(await tokens.retrieve(token.id)).not.toHaveProperty('network_data');
    const expand = ['network_data', 'card'];
    const shown = await tokens.retrieve(token.id, { expand });
    expect(shown).toMatchObject({
      card: { id: card.id },
      network_data: {
        type: 'visa',
        device: { type: 'watch', name: 'Wrist', device_fingerprint: token.device_fingerprint },
        visa: { token_requestor_id: expect.stringMatching(/^\d{11}$/) },
        wallet_provider: {
          cardholder_name: 'Jenny Rosen',
          reason_codes: ['high_risk'],
          suggested_decision: 'require_auth',
        },
      },
    });
    const updated = await tokens.update(token.id, { status: 'suspended', expand });
    expect(updated.network_data).toEqual(shown.network_data);
    const listed = tokens.list({ card: card.id, expand: ['data.network_data'] });
    expect(await refusal(listed)).toMatchObject({ statusCode: 400, param: 'expand' });
    await program.control('POST', '/_sim/clock/advance', { seconds: 86_400 });
    expect(await tokens.retrieve(token.id, { expand })).not.toHaveProperty('network_data');
  });

  it('is refused for cards that no wallet takes', async () => {
    const inactive = await program.card({ status: 'inactive' });
    await expect(ask(inactive)).rejects.toThrow('is inactive; wallets take active cards only');
    const { id: cardholder } = await program.stripe.issuing.cardholders.create({
      name: 'No Contact',
      billing: { address: { line1: '1', city: 'X', postal_code: '94103', country: 'US' } },
    });
    const unreachable = await program.card({ cardholder });
    expect(unreachable.wallets?.apple_pay.eligible).toBe(false);
    await expect(ask(unreachable)).rejects.toThrow('missing_cardholder_contact');
    await expect(ask({ id: 'ic_none' })).rejects.toThrow('404');
    expect(await delivered('issuing_token.created')).toEqual([]);
  });
});

describe('the list of tokens', () => {
  it('is that of a card, and filters by status and time', async () => {
    const { tokens } = program.stripe.issuing;
    const card = await program.card();
    await ask(await program.card());
    const first = await ask(card);
    await program.control('POST', '/_sim/clock/advance', { seconds: 10 });
    const second = await ask(card, { wallet_provider: 'google_pay', status: 'requested' });
    const ids = async (filter: Omit<Stripe.Issuing.TokenListParams, 'card'>): Promise<string[]> =>
      (await tokens.list({ card: card.id, ...filter })).data.map(({ id }) => id);
    expect(await ids({})).toEqual([second.id, first.id]);
    expect(await ids({ status: 'requested' })).toEqual([second.id]);
    expect(await ids({ created: { lt: second.created } })).toEqual([first.id]);
    const nameless = tokens.list({} as Stripe.Issuing.TokenListParams);
    expect(await refusal(nameless)).toMatchObject({ code: 'parameter_missing', param: 'card' });
    expect(await refusal(tokens.retrieve('intok_none'))).toMatchObject({ statusCode: 404 });
  });
});

describe('a payment with a wallet', () => {
  it('names its token on the authorization and its transactions', async () => {
    const { authorizations, transactions } = program.stripe.issuing;
    const card = await program.card();
    const token = await ask(card);
    const authorization = await pay(card);
    expect(authorization).toMatchObject({ approved: true, token: token.id, wallet: 'apple_pay' });
    const { transactions: posted } =
      await program.stripe.testHelpers.issuing.authorizations.capture(authorization.id);
    expect(posted).toMatchObject([{ token: token.id }]);
    const expand = ['token'];
    const whole = await authorizations.retrieve(authorization.id, { expand: ['token.card'] });
    expect(whole.token).toMatchObject({ id: token.id, card: { id: card.id } });
    const transaction = await transactions.retrieve(posted[0]?.id ?? '', { expand });
    expect(transaction.token).toMatchObject({ id: token.id, object: 'issuing.token' });
  });

  it('has no token when the wallet never asked for one', async () => {
    const card = await program.card();
    await ask(card, { wallet_provider: 'google_pay' });
    const authorization = await pay(card);
    expect(authorization).toMatchObject({ approved: true, token: null, wallet: 'apple_pay' });
    const { transactions } = await program.stripe.testHelpers.issuing.authorizations.capture(
      authorization.id,
    );
    expect(transactions[0]).not.toHaveProperty('token');
  });

  it('is declined without a request when no token of the wallet is active', async () => {
    const card = await program.card();
    let asked = 0;
    await program.decideWith(() => {
      asked += 1;
      return undefined;
    });
    const token = await ask(card);
    for (const status of ['suspended', 'deleted'] as const) {
      await program.stripe.issuing.tokens.update(token.id, { status });
      expect(await pay(card)).toMatchObject({
        approved: false,
        token: token.id,
        request_history: [
          { reason: 'not_allowed', reason_message: `The wallet's token is ${status}.` },
        ],
      });
    }
    expect(asked).toBe(0);
    await program.control('DELETE', '/_sim/accounts/platform/realtime_endpoint');
    const next = await ask(card);
    await ask(card, { status: 'requested' });
    expect(await pay(card)).toMatchObject({ approved: true, token: next.id });
  });
});

describe('the tokens of a card that is canceled', () => {
  const settings = (given: object) =>
    program.control('PUT', '/_sim/accounts/platform/settings', given);
  const statuses = async (card: { id: string }) =>
    (await program.stripe.issuing.tokens.list({ card: card.id })).data.map(({ status }) => status);

  it.each([
    ['kept', ['requested', 'active']],
    ['suspended', ['requested', 'suspended']],
    ['deleted', ['deleted', 'deleted']],
  ])('are %s where the account says so', async (canceledCardTokens, expected) => {
    await settings({ canceledCardTokens });
    const [own, byStripe] = [await program.card(), await program.card()];
    for (const card of [own, byStripe]) {
      await ask(card);
      await ask(card, { status: 'requested' });
    }
    await program.stripe.issuing.cards.update(own.id, { status: 'canceled' });
    await program.control('POST', `/_sim/issuing/cards/${byStripe.id}/cancel`);
    expect(await statuses(own)).toEqual(expected);
    expect(await statuses(byStripe)).toEqual(expected);
    await settings({ canceledCardTokens: 'kept' });
  });

  it.each([
    ['damaged', 'moved', true],
    ['damaged', 'kept', false],
    ['lost', 'moved', false],
  ] as const)(
    'replaced as %s, with "%s", move to its replacement: %s',
    async (reason, how, moves) => {
      await settings({ replacedCardTokens: how, canceledCardTokens: 'suspended' });
      const old = await program.card();
      const token = await ask(old);
      if (reason === 'lost')
        await program.stripe.issuing.cards.update(old.id, { status: 'canceled' });
      const next = await program.card({
        cardholder: old.cardholder.id,
        replacement_for: old.id,
        replacement_reason: reason,
        status: 'inactive',
      });
      const current = () => program.stripe.issuing.tokens.retrieve(token.id);
      expect((await current()).card).toBe(old.id);
      await program.stripe.issuing.cards.update(next.id, { status: 'active' });
      expect(await current()).toMatchObject(
        moves ? { card: next.id, status: 'active' } : { card: old.id, status: 'suspended' },
      );
      expect((await pay(next)).token).toBe(moves ? token.id : null);
      await settings({ replacedCardTokens: 'kept', canceledCardTokens: 'kept' });
    },
  );
});

it('no token is given where the card says that wallets do not take it', async () => {
  const settings = (walletAgreement: boolean) =>
    program.control('PUT', '/_sim/accounts/platform/settings', { walletAgreement });
  const card = await program.card();
  await settings(false);
  await expect(ask(card)).rejects.toThrow('missing_agreement');
  await settings(true);
  const { id: cardholder } = await program.cardholder({
    billing: {
      address: { line1: '1', city: 'São Paulo', postal_code: '01000', country: 'BR' },
    },
  });
  await expect(ask(await program.card({ cardholder }))).rejects.toThrow('unsupported_region');
  expect((await ask(card)).status).toBe('active');
});
