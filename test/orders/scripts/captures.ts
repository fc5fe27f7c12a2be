/** How purchases are cleared: wholly, in parts, for more than was held, late, twice, or out of nowhere. */
import { backDated, clearedIn, isTransaction, listedById, namedByListAlone } from '../edit.ts';
import { BLOCKED_CATEGORY } from '../real-time.ts';
import type { Script } from '../script.ts';

const LATER_DAYS = 3;

export const CAPTURES: readonly Script[] = [
  {
    name: 'captured in full',
    covers: [
      'Stripe: full capture',
      'Ledger: capture within the hold',
      'Practice: a capture comes before its approval',
    ],
    options: ['captureEvents', 'closedAmount'],
    act: async ({ buy, capture }) => capture(await buy()),
    leaves: { held: 0, cleared: 1_000 },
  },
  {
    name: 'captured for less, finally',
    covers: ['Stripe: partial capture, final', 'Ledger: release'],
    options: ['closedAmount', 'captureEvents', 'capturedAmount'],
    act: async ({ buy, capture }) => capture(await buy(), 300),
    leaves: { held: 0, cleared: 300 },
  },
  {
    name: 'captured in part, more to come',
    covers: ['Stripe: partial capture, more to come'],
    options: ['capturedAmount', 'captureEvents'],
    act: async ({ buy, capturePart }) => capturePart(await buy(), 300),
    leaves: { held: 700, cleared: 300 },
  },
  {
    name: 'captured in two parts',
    covers: [
      'Stripe: partial capture, more to come',
      'Practice: an old state overwrites a new one',
    ],
    options: ['capturedAmount', 'captureEvents', 'closedAmount'],
    act: async ({ buy, capturePart, capture }) => {
      const id = await buy();
      await capturePart(id, 300);
      await capture(id, 600);
    },
    leaves: { held: 0, cleared: 900 },
  },
  {
    name: 'captured in part between two partial reversals',
    covers: ['Stripe: partial capture, more to come', 'Stripe: partial reversal'],
    options: ['capturedAmount'],
    act: async ({ buy, reverse, capturePart }) => {
      const id = await buy();
      await reverse(id, 100);
      await capturePart(id, 300);
      await reverse(id, 350);
    },
    leaves: { held: 250, cleared: 300 },
  },
  {
    name: 'captured with a tip above the hold',
    covers: ['Stripe: over capture', 'Ledger: capture above the hold'],
    options: ['closedAmount', 'captureEvents'],
    act: async ({ buy, capture }) => capture(await buy(), 1_250),
    leaves: { held: 0, cleared: 1_250 },
  },
  {
    name: 'captured in parts that come to more than the hold, then raised',
    covers: ['Stripe: over capture', 'Stripe: partial capture, more to come', 'Stripe: increment'],
    options: ['capturedAmount'],
    act: async ({ buy, capturePart, increment }) => {
      const id = await buy();
      await capturePart(id, 700);
      await capturePart(id, 500);
      await increment(id, 400);
    },
    leaves: { held: 400, cleared: 1_200 },
  },
  {
    name: 'reversed in part, captured above the rest, then raised',
    covers: ['Stripe: over capture', 'Stripe: partial reversal', 'Stripe: increment'],
    options: ['capturedAmount'],
    act: async ({ buy, reverse, capturePart, increment }) => {
      const id = await buy();
      await reverse(id, 400);
      await capturePart(id, 700);
      await increment(id, 500);
    },
    leaves: { held: 500, cleared: 700 },
  },
  {
    name: 'captured after it expired',
    covers: ['Stripe: late capture after expiry', 'Stripe: expiry'],
    options: ['captureEvents'],
    act: async ({ buy, passDays, capture }) => {
      const id = await buy();
      await passDays(8);
      await capture(id);
    },
    leaves: { held: 0, cleared: 1_000 },
  },
  {
    name: 'captured in part, expired, captured again',
    covers: ['Stripe: late capture after expiry', 'Stripe: expiry'],
    options: ['capturedAmount'],
    act: async ({ buy, capturePart, expire, capture }) => {
      const id = await buy();
      await capturePart(id, 300);
      await expire(id);
      await capture(id, 450);
    },
    leaves: { held: 0, cleared: 750 },
  },
  {
    name: 'captured after its reversal',
    covers: ['Stripe: capture after reversal', 'Practice: a reversed authorization is captured'],
    options: ['captureEvents'],
    act: async ({ buy, reverse, capture }) => {
      const id = await buy();
      await reverse(id);
      await capture(id);
    },
    leaves: { held: 0, cleared: 1_000, items: ['captured_after_reversal'] },
  },
  {
    name: 'captured although it was declined',
    covers: ['Stripe: capture of a declined authorization'],
    options: ['captureEvents', 'closedAmount'],
    act: async ({ buy, capture }) =>
      capture(await buy({ merchant_data: { category: BLOCKED_CATEGORY } })),
    leaves: { held: 0, cleared: 1_000, items: ['captured_while_declined'] },
  },
  {
    name: 'a forced capture beside a purchase',
    covers: [
      'Stripe: forced post',
      'Ledger: forced capture',
      'Practice: a forced capture skips all events of authorizations',
    ],
    act: async ({ buy, forceCapture }) => {
      await buy();
      await forceCapture(450);
    },
    leaves: { held: 1_000, cleared: 450, items: ['forced_capture'] },
  },
  {
    name: 'forced captures beyond all funds, repaid',
    covers: ['Stripe: forced post', 'Practice: the account goes below zero'],
    fundsMinor: 500,
    act: async ({ forceCapture, refund }) => {
      await forceCapture(300);
      await refund(await forceCapture(400), 250);
    },
    leaves: {
      held: 0,
      cleared: 450,
      items: ['forced_capture', 'forced_capture', 'unlinked_refund'],
    },
  },
  {
    name: 'cleared twice, and corrected by a refund',
    covers: ['Practice: a clearing is told twice, and corrected', 'Stripe: linked refund'],
    options: ['captureEvents'],
    act: async ({ buy, capture, refund }) => {
      const id = await buy();
      await capture(id);
      await refund(await capture(id, 1_000));
    },
    leaves: { held: 0, cleared: 1_000 },
  },
  {
    name: 'cleared twice, days late and dated in the past',
    covers: [
      'Practice: a clearing is told twice, and corrected',
      'Practice: a clearing is dated in the past',
    ],
    edit: backDated(5),
    act: async ({ buy, passDays, capture }) => {
      const id = await buy();
      await passDays(LATER_DAYS);
      await capture(id);
      await capture(id, 1_000);
    },
    leaves: { held: 0, cleared: 2_000, items: ['cleared_twice'] },
  },
  {
    name: 'the event of a clearing record is lost, the authorization lists it',
    covers: [
      'Stripe: partial capture, more to come',
      'Practice: a capture comes before its approval',
    ],
    options: ['capturedAmount'],
    isLost: isTransaction,
    act: async ({ buy, capturePart, capture }) => {
      const id = await buy();
      await capturePart(id, 300);
      await capture(id, 500);
    },
    leaves: { held: 0, cleared: 800 },
  },
  {
    name: 'all events of the authorization are lost',
    covers: ['Practice: a capture comes before its approval', 'Stripe: approved without us'],
    isLost: (event) => !isTransaction(event),
    act: async ({ standIn, capturePart, refund }) => {
      const id = await standIn();
      const paid = await capturePart(id, 300);
      await capturePart(id, 500);
      await refund(paid, 100);
    },
    leaves: { held: 0, cleared: 700, items: ['cleared_unseen'] },
  },
  {
    name: 'the authorization lists its clearing records by id only',
    covers: [
      'Stripe: partial capture, more to come',
      'Practice: a capture comes before its approval',
    ],
    options: ['capturedAmount', 'captureEvents', 'closedAmount'],
    edit: listedById,
    act: async ({ buy, capturePart, capture }) => {
      const id = await buy();
      await capturePart(id, 300);
      await capture(id, 600);
    },
    leaves: { held: 0, cleared: 900 },
  },
  {
    name: 'only the authorization says which clearing records are its own, by id',
    covers: ['Stripe: partial capture, more to come'],
    options: ['capturedAmount', 'closedAmount'],
    edit: namedByListAlone,
    act: async ({ buy, capturePart, capture }) => {
      const id = await buy();
      await capturePart(id, 300);
      await capture(id, 600);
    },
    leaves: { held: 0, cleared: 900 },
  },
  {
    name: 'cleared in part, which only the authorization says, by id',
    covers: ['Stripe: partial capture, more to come'],
    options: ['capturedAmount'],
    edit: namedByListAlone,
    act: async ({ buy, capturePart }) => {
      await capturePart(await buy(), 500);
    },
    leaves: { held: 500, cleared: 500 },
  },
  {
    name: 'cleared on a closed account, part of it given back',
    covers: ['Ledger: account that is not open', 'Ledger: hold of an adopted approval'],
    accountStatus: 'closed',
    act: async ({ standIn, capturePart, refund }) =>
      refund(await capturePart(await standIn(), 300), 100),
    leaves: { held: 700, cleared: 200, items: ['money_on_closed_account'] },
  },
  {
    name: 'declined and cleared on a frozen account',
    covers: ['Ledger: account that is not open', 'Stripe: capture of a declined authorization'],
    accountStatus: 'frozen',
    act: async ({ buy, capture, forceCapture }) => {
      await capture(await buy());
      await forceCapture(50);
    },
    leaves: { held: 0, cleared: 1_050, items: ['captured_while_declined', 'forced_capture'] },
  },
  {
    name: 'cleared in a currency that is not the account’s',
    covers: ['Ledger: wrong currency'],
    edit: clearedIn('eur'),
    act: async ({ buy, forceCapture }) => {
      await buy();
      await forceCapture(450);
    },
    leaves: { held: 1_000, cleared: 0, items: ['transaction_of_wrong_currency'] },
  },
];
