/** Commands of the API among what the network does: money paid in and out, taken back, and owed. */
import type { Script } from '../script.ts';

export const COMMANDS: readonly Script[] = [
  {
    name: 'paid in and paid out around a purchase',
    covers: ['Ledger: credit', 'Ledger: debit', 'Ledger: capture within the hold'],
    act: async ({ credit, debit, buy, capture }) => {
      credit(2_000);
      const id = await buy();
      debit(700);
      await capture(id);
    },
    leaves: { held: 0, cleared: 1_000, paidIn: 1_300 },
  },
  {
    name: 'bought with what was paid in before',
    covers: ['Ledger: credit', 'Practice: decision and event race'],
    fundsMinor: 400,
    act: async ({ credit, buy, capture }) => {
      credit(900);
      await capture(await buy());
    },
    leaves: { held: 0, cleared: 1_000, paidIn: 900 },
  },
  {
    name: 'a credit that is taken back in the midst of a purchase',
    covers: ['Ledger: credit', 'Ledger: correction', 'Stripe: partial capture, more to come'],
    options: ['capturedAmount'],
    act: async ({ credit, correct, buy, capturePart }) => {
      const paid = credit(2_000);
      const id = await buy();
      correct(paid);
      await capturePart(id, 300);
    },
    leaves: { held: 700, cleared: 300 },
  },
  {
    name: 'a debit that is taken back while a purchase is raised',
    covers: ['Ledger: debit', 'Ledger: correction', 'Stripe: increment'],
    act: async ({ debit, correct, buy, increment }) => {
      const paid = debit(700);
      const id = await buy();
      correct(paid);
      await increment(id, 250);
    },
    leaves: { held: 1_250, cleared: 0 },
  },
  {
    name: 'below zero by forced captures, and paid up',
    covers: ['Practice: an account below zero is paid up', 'Ledger: credit', 'Stripe: forced post'],
    fundsMinor: 500,
    act: async ({ forceCapture, credit }) => {
      await forceCapture(300);
      await forceCapture(400);
      credit(120);
      credit(180);
    },
    leaves: { held: 0, cleared: 700, paidIn: 300, items: ['forced_capture', 'forced_capture'] },
  },
  {
    name: 'below zero by a capture above the hold, and paid up in two parts',
    covers: [
      'Practice: an account below zero is paid up',
      'Ledger: credit',
      'Stripe: over capture',
    ],
    fundsMinor: 500,
    act: async ({ standIn, credit, capture }) => {
      const id = await standIn({ amount: 400 });
      await capture(id, 900);
      credit(100);
      credit(350);
    },
    leaves: { held: 0, cleared: 900, paidIn: 450 },
  },
  {
    name: 'below zero, and paid up in part only',
    covers: ['Practice: the account goes below zero', 'Ledger: credit', 'Stripe: forced post'],
    fundsMinor: 500,
    act: async ({ forceCapture, credit }) => {
      await forceCapture(300);
      credit(50);
      await forceCapture(400);
    },
    leaves: {
      held: 0,
      cleared: 700,
      paidIn: 50,
      items: ['account_overdrawn', 'forced_capture', 'forced_capture'],
    },
  },
];
