/** Cards and currencies: replaced cards, cards that are not known yet, foreign money, other decimals. */
import type { Script } from '../script.ts';

const FOREIGN = { merchant_amount: 10_000, merchant_currency: 'eur' };

export const CARDS: readonly Script[] = [
  {
    name: 'abroad, captured at the rate of the day',
    covers: ['Practice: foreign currency', 'Practice: capture and authorization differ in amount'],
    options: ['exchangeRateDrift', 'closedAmount'],
    act: async ({ buy, capture }) => capture(await buy(FOREIGN)),
    leaves: { held: 0, cleared: 10_800 },
  },
  {
    name: 'abroad, captured in part',
    covers: ['Practice: foreign currency', 'Ledger: capture within the hold'],
    settings: { exchangeRateDrift: 0.1 },
    options: ['capturedAmount', 'exchangeRateDrift'],
    act: async ({ buy, capturePart }) => capturePart(await buy(FOREIGN), 4_000),
    leaves: { held: 7_140, cleared: 4_000 },
  },
  {
    name: 'abroad, raised and reversed in part',
    covers: ['Practice: foreign currency', 'Stripe: increment', 'Stripe: partial reversal'],
    act: async ({ buy, increment, reverse }) => {
      const id = await buy(FOREIGN);
      await increment(id, 1_000);
      await reverse(id, 2_500);
    },
    leaves: { held: 9_765, cleared: 0 },
  },
  {
    name: 'a card in yen',
    covers: ['Practice: currency without decimals'],
    currency: 'jpy',
    options: ['capturedAmount'],
    act: async ({ buy, capturePart }) => capturePart(await buy({ amount: 12_345 }), 345),
    leaves: { held: 12_000, cleared: 345 },
  },
  {
    name: 'a card in dinars',
    covers: ['Practice: currency with three decimals'],
    currency: 'kwd',
    act: async ({ buy, capture }) => capture(await buy({ amount: 12_345 }), 12_340),
    leaves: { held: 0, cleared: 12_340 },
  },
  {
    name: 'replaced by the same card while a purchase is open',
    covers: ['Ledger: capture within the hold', 'Stripe: full capture'],
    options: ['replacedClearing'],
    act: async ({ buy, replaceCard, capture }) => {
      const id = await buy();
      await replaceCard();
      await capture(id);
    },
    leaves: { held: 0, cleared: 1_000 },
  },
  {
    name: 'replaced by another card of the account while a purchase is open',
    covers: ['Ledger: capture within the hold', 'Stripe: partial capture, more to come'],
    replacementIsAnother: true,
    options: ['replacedClearing'],
    act: async ({ buy, replaceCard, capturePart }) => {
      const id = await buy();
      await replaceCard();
      await capturePart(id, 300);
    },
    leaves: { held: 700, cleared: 300 },
  },
  {
    name: 'two purchases with two cards of one account',
    covers: ['Stripe: full capture', 'Stripe: forced post'],
    replacementIsAnother: true,
    act: async ({ buy, replaceCard, capture, forceCapture }) => {
      await capture(await buy());
      await replaceCard();
      await buy({ amount: 200 });
      await forceCapture(50);
    },
    leaves: { held: 200, cleared: 1_050, items: ['forced_capture'] },
  },
  {
    name: 'told of before its card is known',
    covers: [
      'Ledger: forced capture of an unknown card',
      'Ledger: refund for an unknown card',
      'Stripe: approved without us',
    ],
    isCardUnknown: true,
    act: async ({ standIn, capture, forceCapture, creditUnlinked, recordCard }) => {
      await capture(await standIn());
      await forceCapture(450);
      await creditUnlinked(50);
      recordCard();
    },
    leaves: { held: 0, cleared: 1_400, items: ['forced_capture', 'unlinked_refund'] },
  },
  {
    name: 'its card becomes known in the midst of a purchase',
    covers: ['Ledger: forced capture of an unknown card', 'Stripe: approved without us'],
    isCardUnknown: true,
    options: ['capturedAmount'],
    act: async ({ standIn, capturePart, recordCard, reverse }) => {
      const id = await standIn();
      await capturePart(id, 300);
      recordCard();
      await reverse(id, 200);
    },
    leaves: { held: 500, cleared: 300 },
  },
];
