import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Program, refusal, startProgram } from './program.ts';

const PATH = '/v1/issuing/settlements';
const HELPER_PATH = '/v1/test_helpers/issuing/settlements';
const REQUIRED = {
  bin: '400000',
  clearing_date: 1_770_000_000,
  currency: 'USD',
  net_total_amount: 12_345,
};

interface Settlement {
  readonly id: string;
  readonly created: number;
}

let program: Program;
beforeEach(async () => {
  program = await startProgram();
});
afterEach(() => program.close());

const raw = (method: string, path: string, params?: object): Promise<Settlement> =>
  program.stripe.rawRequest(method, path, params);

describe('a settlement', () => {
  it('is made by the test helper, listed, shown, labelled and completed', async () => {
    const made = await raw('POST', HELPER_PATH, {
      ...REQUIRED,
      interchange_fees_amount: -45,
      network: 'maestro',
      network_settlement_identifier: 'abc',
      transaction_amount: 12_400,
      transaction_count: 7,
    });
    expect(made).toMatchObject({
      object: 'issuing.settlement',
      bin: '400000',
      currency: 'usd',
      interchange_fees_amount: -45,
      net_total_amount: 12_345,
      network: 'maestro',
      network_settlement_identifier: 'abc',
      status: 'pending',
      transaction_amount: 12_400,
      transaction_count: 7,
    });
    const other = await raw('POST', HELPER_PATH, REQUIRED);
    expect(other).toMatchObject({ network: 'visa', transaction_amount: 12_345 });
    expect(await raw('GET', `${PATH}?limit=1`)).toMatchObject({
      data: [{ id: other.id }],
      has_more: true,
    });
    expect(await raw('GET', `${PATH}?created[gt]=${other.created}`)).toMatchObject({
      data: [],
    });
    expect(
      await raw('POST', `${PATH}/${made.id}`, { metadata: { ledger: 'posted' } }),
    ).toMatchObject({ metadata: { ledger: 'posted' }, status: 'pending' });
    expect(await raw('POST', `${HELPER_PATH}/${made.id}/complete`)).toMatchObject({
      status: 'complete',
    });
    expect(await raw('GET', `${PATH}/${made.id}`)).toMatchObject({
      metadata: { ledger: 'posted' },
      status: 'complete',
    });
  });

  it('refuses what is missing, unknown or done already', async () => {
    for (const name of Object.keys(REQUIRED)) {
      const { [name]: _left, ...rest } = REQUIRED as Record<string, unknown>;
      expect(await refusal(raw('POST', HELPER_PATH, rest))).toMatchObject({
        code: 'parameter_missing',
        param: name,
      });
    }
    const wrong = (params: object) => refusal(raw('POST', HELPER_PATH, { ...REQUIRED, ...params }));
    expect((await wrong({ network: 'mastercard' })).param).toBe('network');
    expect((await wrong({ currency: 'xxx' })).param).toBe('currency');
    expect((await refusal(raw('GET', `${PATH}/ise_none`))).statusCode).toBe(404);
    const { id } = await raw('POST', HELPER_PATH, REQUIRED);
    await raw('POST', `${HELPER_PATH}/${id}/complete`);
    expect((await refusal(raw('POST', `${HELPER_PATH}/${id}/complete`))).message).toBe(
      'You cannot complete a settlement with status complete.',
    );
  });
});

describe('events of settlements', () => {
  /** Not among the published types, so the client's validation would refuse them. */
  async function events(): Promise<readonly { type: string; data: object }[]> {
    const response = await fetch(`${program.simulator.url}/v1/events?type=issuing_settlement.*`, {
      headers: { authorization: 'Bearer sk_test_simulator' },
    });
    const { data } = (await response.json()) as { data: { type: string; data: object }[] };
    return data.toReversed();
  }

  it('are not sent unless they are asked for', async () => {
    const { id } = await raw('POST', HELPER_PATH, REQUIRED);
    await raw('POST', `${HELPER_PATH}/${id}/complete`);
    expect(await events()).toEqual([]);
  });

  it('are sent for each change when they are', async () => {
    const settings = { settlementEvents: 'on' };
    await program.control('PUT', '/_sim/accounts/platform/settings', settings);
    const { id } = await raw('POST', HELPER_PATH, REQUIRED);
    await raw('POST', `${PATH}/${id}`, { metadata: { a: 'b' } });
    await raw('POST', `${HELPER_PATH}/${id}/complete`);
    expect(await events()).toMatchObject([
      { type: 'issuing_settlement.created', data: { object: { id, status: 'pending' } } },
      {
        type: 'issuing_settlement.updated',
        data: { previous_attributes: { metadata: { a: null } } },
      },
      { type: 'issuing_settlement.updated', data: { previous_attributes: { status: 'pending' } } },
    ]);
  });
});
