/** How purchases begin: what we answer, what Stripe or the network makes of it, and who decides without us. */
import { BLOCKED_CATEGORY } from '../real-time.ts';
import type { Script } from '../script.ts';

const SUSPECTED = { risk_assessment: { fraud_risk: { level: 'highest' } } } as const;
const BLOCKED = { merchant_data: { category: BLOCKED_CATEGORY } };

export const ANSWERS: readonly Script[] = [
  {
    name: 'approved',
    covers: ['Stripe: approve', 'Ledger: hold of a decision', 'Practice: decision and event race'],
    act: ({ buy }) => buy(),
    leaves: { held: 1_000, cleared: 0 },
  },
  {
    name: 'declined by our rules',
    covers: ['Stripe: decline'],
    act: ({ buy }) => buy(BLOCKED),
    leaves: { held: 0, cleared: 0 },
  },
  {
    name: 'declined for lack of funds, then approved for less',
    covers: ['Stripe: decline', 'Stripe: approve'],
    fundsMinor: 800,
    act: async ({ buy }) => {
      await buy();
      await buy({ amount: 700 });
    },
    leaves: { held: 700, cleared: 0 },
  },
  {
    name: 'approved, then declined by the network',
    covers: ['Stripe: approved by us, declined later by the network', 'Ledger: release'],
    options: ['networkDecline', 'networkDeclineReason', 'capturedAmount'],
    act: async (stage) => {
      const path = `/_sim/issuing/cards/${stage.card}/decline_next_after_approval`;
      await stage.control('POST', path);
      await stage.buy();
    },
    leaves: { held: 0, cleared: 0 },
  },
  {
    name: 'approved by the stand-in of the network',
    covers: ['Stripe: approved without us', 'Ledger: hold of an adopted approval'],
    act: ({ standIn }) => standIn({ amount: 700 }),
    leaves: { held: 700, cleared: 0 },
  },
  {
    name: 'approved by the stand-in beyond all funds, and captured',
    covers: ['Stripe: approved without us', 'Practice: the account goes below zero'],
    fundsMinor: 500,
    act: async ({ standIn, capture }) => capture(await standIn({ amount: 700 })),
    leaves: { held: 0, cleared: 700, items: ['account_overdrawn'] },
  },
  {
    name: 'a window in which the network decides, told of afterwards',
    covers: ['Stripe: approved without us', 'Stripe: increment'],
    act: async ({ buy, control, increment }) => {
      const id = await buy();
      await control('PUT', '/_sim/network', { mode: 'stand_in_approve' });
      await increment(id, 250);
      await buy({ amount: 300 });
      await control('PUT', '/_sim/network', { mode: 'normal' });
    },
    leaves: { held: 1_550, cleared: 0 },
  },
  {
    name: 'our approval comes too late',
    covers: ['Practice: the answer comes too late', 'Stripe: approved without us'],
    options: ['timeoutPolicy'],
    act: async ({ buy, answer }) => {
      answer('late');
      await buy();
    },
    leaves: { held: 0, cleared: 0 },
  },
  {
    name: 'our decline comes too late',
    covers: ['Practice: the answer comes too late', 'Stripe: approved without us'],
    settings: { timeoutPolicy: 'approve' },
    options: ['timeoutPolicy'],
    act: async ({ buy, answer, capture }) => {
      answer('late');
      await capture(await buy(BLOCKED));
    },
    leaves: { held: 0, cleared: 1_000, items: ['approved_against_decision'] },
  },
  {
    name: 'nobody answers',
    covers: ['Stripe: approved without us', 'Ledger: hold of an adopted approval'],
    settings: { timeoutPolicy: 'approve' },
    options: ['timeoutPolicy'],
    act: async ({ buy, answer }) => {
      answer('absent');
      await buy();
    },
    leaves: { held: 1_000, cleared: 0 },
  },
  {
    name: 'our answer is of no use to Stripe',
    covers: ['Stripe: decline', 'Ledger: release'],
    settings: { timeoutPolicy: 'approve' },
    options: ['errorPolicy'],
    act: async ({ buy, answer }) => {
      answer('unusable');
      await buy();
    },
    leaves: { held: 0, cleared: 0 },
  },
  {
    name: 'our answer names another version of the API',
    covers: ['Stripe: approve', 'Stripe: decline', 'Ledger: release'],
    options: ['stripeVersionCheck'],
    act: async ({ buy, answer }) => {
      answer('other_version');
      await buy();
    },
    leaves: { held: 0, cleared: 0 },
  },
  {
    name: 'our answer has a member that Stripe does not know',
    covers: ['Stripe: approve', 'Stripe: decline', 'Ledger: release'],
    options: ['unknownAnswerFields'],
    act: async ({ buy, answer }) => {
      answer('unknown_member');
      await buy();
    },
    leaves: { held: 0, cleared: 0 },
  },
  {
    name: 'swiped, which Stripe may refuse before it asks us',
    covers: ['Stripe: approve', 'Stripe: decline without a request'],
    options: ['insecureMethods', 'program', 'disabled'],
    act: ({ buy }) => buy({ authorization_method: 'swipe' }),
    leaves: { held: 1_000, cleared: 0 },
  },
  {
    name: 'paid with a wrong CVC, which Stripe may refuse before it asks us',
    covers: ['Stripe: decline', 'Stripe: decline without a request'],
    options: ['cvcMismatch'],
    act: ({ buy }) => buy({ verification_data: { cvc_check: 'mismatch' } }),
    leaves: { held: 0, cleared: 0 },
  },
  {
    name: 'suspected of fraud, and tried again after the cardholder was asked',
    covers: ['Stripe: decline without a request', 'Stripe: approve'],
    settings: { fraudChallenges: 'on' },
    options: ['fraudChallenges'],
    act: async ({ buy, confirm }) => {
      await confirm(await buy(SUSPECTED));
      await buy(SUSPECTED);
    },
    leaves: { held: 1_000, cleared: 0 },
  },
  {
    name: 'a part is approved where the amount cannot be controlled',
    covers: ['Stripe: approve', 'Practice: capture and authorization differ in amount'],
    options: ['uncontrollableAmount'],
    fundsMinor: 700,
    act: async ({ buy, answer }) => {
      answer('amount_anyway');
      await buy();
    },
    leaves: { held: 0, cleared: 0 },
  },
  {
    name: 'approved for the part that the funds allow',
    covers: ['Stripe: approve', 'Stripe: full capture'],
    fundsMinor: 640,
    allowPartial: true,
    act: async ({ buy, capture }) => capture(await buy({ is_amount_controllable: true })),
    leaves: { held: 0, cleared: 640 },
  },
  {
    name: 'an account check of zero, then a purchase',
    covers: ['Practice: an account check of zero'],
    options: ['verificationEvents'],
    act: async ({ buy }) => {
      await buy({ amount: 0 });
      await buy({ amount: 400 });
    },
    leaves: { held: 400, cleared: 0 },
  },
  {
    name: 'groceries with cashback',
    covers: ['Stripe: cashback', 'Stripe: approve', 'Ledger: capture within the hold'],
    act: async ({ buy, capture }) =>
      capture(await buy({ amount: 3_000, amount_details: { cashback_amount: 2_000 } })),
    leaves: { held: 0, cleared: 3_000 },
  },
  {
    name: 'cash from a machine, with its fee',
    covers: ['Stripe: fee of a cash machine', 'Stripe: approve', 'Ledger: capture within the hold'],
    act: async ({ buy, capture }) =>
      capture(
        await buy({
          amount: 6_300,
          amount_details: { atm_fee: 300 },
          merchant_data: { category: 'automated_cash_disburse' },
        }),
      ),
    leaves: { held: 0, cleared: 6_300 },
  },
];
