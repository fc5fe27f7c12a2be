/** How holds change between approval and clearing: raised, lowered, given up and taken again, settled at the pump. */
import type { Script } from '../script.ts';

const PUMP = { category: 'automated_fuel_dispensers' };
/** What a pump asks for before anybody knows what will be filled in. */
const STATUS_CHECK = { amount: 100, merchant_data: PUMP };

export const CHANGES: readonly Script[] = [
  {
    name: 'raised once',
    covers: ['Stripe: increment', 'Practice: one purchase shows as several, increments among them'],
    act: async ({ buy, increment }) => increment(await buy(), 250),
    leaves: { held: 1_250, cleared: 0 },
  },
  {
    name: 'raised, then captured',
    covers: ['Stripe: increment', 'Practice: one purchase shows as several, increments among them'],
    options: ['capturedAmount', 'closedAmount'],
    act: async ({ buy, increment, capture }) => {
      const id = await buy();
      await increment(id, 250);
      await capture(id);
    },
    leaves: { held: 0, cleared: 1_250 },
  },
  {
    name: 'not raised, for lack of funds',
    covers: ['Stripe: declined increment'],
    fundsMinor: 1_200,
    act: async ({ buy, increment }) => increment(await buy(), 250),
    leaves: { held: 1_000, cleared: 0 },
  },
  {
    name: 'not raised, because our answer comes too late',
    covers: ['Stripe: declined increment', 'Practice: the answer comes too late'],
    options: ['timeoutPolicy'],
    act: async ({ buy, increment, answer }) => {
      const id = await buy();
      answer('late');
      await increment(id, 250);
    },
    leaves: { held: 1_000, cleared: 0 },
  },
  {
    name: 'asked for twice the same amount within a second',
    covers: ['Stripe: increment', 'Practice: decision and event race'],
    act: ({ atOnce, buy, increment }) => atOnce(async () => increment(await buy(), 1_000)),
    leaves: { held: 2_000, cleared: 0 },
  },
  {
    name: 'raised three times within a second',
    covers: ['Stripe: increment', 'Practice: an old state overwrites a new one'],
    act: async ({ atOnce, buy, increment }) => {
      const id = await buy();
      await atOnce(async () => {
        await increment(id, 100);
        await increment(id, 200);
        await increment(id, 300);
      });
    },
    leaves: { held: 1_600, cleared: 0 },
  },
  {
    name: 'raised after a part was captured',
    covers: ['Stripe: increment', 'Stripe: partial capture, more to come'],
    options: ['capturedAmount'],
    act: async ({ buy, capturePart, increment }) => {
      const id = await buy();
      await capturePart(id, 300);
      await increment(id, 500);
    },
    leaves: { held: 1_200, cleared: 300 },
  },
  {
    name: 'reversed in part',
    covers: ['Stripe: partial reversal', 'Ledger: release'],
    act: async ({ buy, reverse }) => reverse(await buy(), 400),
    leaves: { held: 600, cleared: 0 },
  },
  {
    name: 'reversed in part, then captured',
    covers: ['Stripe: partial reversal', 'Practice: capture and authorization differ in amount'],
    options: ['capturedAmount', 'closedAmount', 'captureEvents'],
    act: async ({ buy, reverse, capture }) => {
      const id = await buy();
      await reverse(id, 400);
      await capture(id, 550);
    },
    leaves: { held: 0, cleared: 550 },
  },
  {
    name: 'reversed wholly',
    covers: ['Stripe: full reversal', 'Ledger: release'],
    act: async ({ buy, reverse }) => reverse(await buy()),
    leaves: { held: 0, cleared: 0 },
  },
  {
    name: 'bought and reversed in two parts within a second',
    covers: ['Stripe: partial reversal', 'Practice: an old state overwrites a new one'],
    act: ({ atOnce, buy, reverse }) =>
      atOnce(async () => {
        const id = await buy();
        await reverse(id, 200);
        await reverse(id, 300);
      }),
    leaves: { held: 500, cleared: 0 },
  },
  {
    name: 'reversed weeks later',
    covers: ['Stripe: full reversal', 'Practice: a reversal comes weeks late'],
    act: async ({ buy, reverse, passDays, capturePart }) => {
      const id = await buy({
        amount: 40_000,
        merchant_data: { category: 'hotels_motels_and_resorts' },
      });
      await passDays(20);
      await capturePart(id, 15_000);
      await reverse(id);
    },
    options: ['capturedAmount'],
    leaves: { held: 0, cleared: 15_000 },
  },
  {
    name: 'reversed, then held again',
    covers: ['Stripe: reversal, then a new hold', 'Practice: a hold falls to zero and comes back'],
    act: async ({ buy, reverse, increment }) => {
      const id = await buy();
      await reverse(id);
      await increment(id, 800);
    },
    leaves: { held: 800, cleared: 0 },
  },
  {
    name: 'reversed, held again, captured',
    covers: [
      'Stripe: reversal, then a new hold',
      'Practice: an old state overwrites a new one',
      'Practice: a hold falls to zero and comes back',
    ],
    options: ['capturedAmount', 'closedAmount', 'captureEvents'],
    act: async ({ buy, reverse, increment, capture }) => {
      const id = await buy();
      await reverse(id);
      await increment(id, 800);
      await capture(id);
    },
    leaves: { held: 0, cleared: 800 },
  },
  {
    name: 'expired',
    covers: ['Stripe: expiry', 'Ledger: release'],
    act: async ({ buy, passDays }) => {
      await buy();
      await passDays(8);
    },
    leaves: { held: 0, cleared: 0 },
  },
  {
    name: 'expired after a part was captured',
    covers: ['Stripe: expiry', 'Stripe: partial capture, more to come'],
    options: ['capturedAmount'],
    act: async ({ buy, capturePart, passDays }) => {
      await capturePart(await buy(), 300);
      await passDays(8);
    },
    leaves: { held: 0, cleared: 300 },
  },
  {
    name: 'filled up at a pump',
    covers: ['Stripe: final amount', 'Practice: capture and authorization differ in amount'],
    options: ['capturedAmount', 'closedAmount'],
    act: async ({ buy, finalize, capture }) => {
      const id = await buy(STATUS_CHECK);
      await finalize(id, 4_321);
      await capture(id);
    },
    leaves: { held: 0, cleared: 4_321 },
  },
  {
    name: 'still filling up at a pump',
    covers: ['Stripe: final amount', 'Ledger: hold of a decision'],
    act: ({ buy }) => buy(STATUS_CHECK),
    leaves: { held: 10_000, cleared: 0 },
  },
  {
    name: 'filled up at a pump without us',
    covers: ['Stripe: final amount', 'Stripe: approved without us'],
    settings: { timeoutPolicy: 'approve' },
    options: ['fuelPumpHold', 'timeoutPolicy'],
    act: async ({ buy, answer }) => {
      answer('absent');
      await buy(STATUS_CHECK);
    },
    leaves: { held: 10_000, cleared: 0 },
  },
  {
    name: 'filled up at a pump while our answer came too late',
    covers: ['Stripe: final amount', 'Practice: the answer comes too late'],
    settings: { timeoutPolicy: 'approve' },
    options: ['fuelPumpHold'],
    act: async ({ buy, answer, finalize }) => {
      answer('late');
      await finalize(await buy(STATUS_CHECK), 2_500);
    },
    leaves: { held: 2_500, cleared: 0 },
  },
];
