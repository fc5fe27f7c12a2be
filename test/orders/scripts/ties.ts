/**
 * Views of one second that contradict each other. Neither the length of the history nor `previous_attributes` tells
 * which came last, for good or while some are missing: then the larger hold stands, and the object may be fetched.
 */
import type { Script } from '../script.ts';

const TIE = 'Practice: views of one second contradict each other';

export const TIES: readonly Script[] = [
  {
    name: 'three partial reversals within a second',
    covers: [TIE, 'Stripe: partial reversal'],
    mayTie: true,
    act: async ({ atOnce, buy, reverse }) => {
      const id = await buy();
      await atOnce(async () => {
        await reverse(id, 200);
        await reverse(id, 300);
        await reverse(id, 100);
      });
    },
    leaves: { held: 400, cleared: 0 },
  },
  {
    name: 'lowered and raised again within a second',
    covers: [TIE, 'Stripe: final amount'],
    mayTie: true,
    act: async ({ atOnce, buy, finalize }) => {
      const id = await buy();
      await atOnce(async () => {
        await finalize(id, 400);
        await finalize(id, 1_000);
      });
    },
    leaves: { held: 1_000, cleared: 0 },
  },
  {
    name: 'lowered, raised and lowered again within a second',
    covers: [TIE, 'Stripe: final amount'],
    mayTie: true,
    act: async ({ atOnce, buy, finalize }) => {
      const id = await buy();
      await atOnce(async () => {
        await finalize(id, 400);
        await finalize(id, 900);
        await finalize(id, 400);
      });
    },
    leaves: { held: 400, cleared: 0 },
  },
  {
    name: 'lowered, raised and lowered within a second, reversed in part while it is looked at',
    covers: [TIE, 'Stripe: partial reversal', 'Practice: an old state overwrites a new one'],
    mayTie: true,
    act: async ({ atOnce, buy, finalize, reverse }) => {
      const id = await buy();
      await atOnce(async () => {
        await finalize(id, 400);
        await finalize(id, 900);
        await finalize(id, 400);
      });
      // Looks are taken after each call: the first of these two is of the second in which more happens.
      await atOnce(async () => {
        await reverse(id, 100);
        await reverse(id, 50);
      });
    },
    leaves: { held: 250, cleared: 0 },
  },
  {
    name: 'lowered, raised and lowered within a second, reversed and raised while it is looked at',
    covers: [TIE, 'Stripe: increment', 'Practice: decision and event race'],
    mayTie: true,
    act: async ({ atOnce, buy, finalize, reverse, increment }) => {
      const id = await buy();
      await atOnce(async () => {
        await finalize(id, 400);
        await finalize(id, 900);
        await finalize(id, 400);
      });
      await atOnce(async () => {
        await reverse(id, 100);
        await increment(id, 500);
      });
    },
    leaves: { held: 800, cleared: 0 },
  },
  {
    name: 'lowered and raised within a second, captured in part the minute after',
    covers: [TIE, 'Stripe: partial capture, more to come'],
    mayTie: true,
    options: ['capturedAmount'],
    act: async ({ atOnce, buy, finalize, capturePart }) => {
      const id = await buy();
      await atOnce(async () => {
        await finalize(id, 400);
        await finalize(id, 1_000);
      });
      await capturePart(id, 250);
    },
    leaves: { held: 750, cleared: 250 },
  },
];
