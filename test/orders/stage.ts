/** The stage of one script: calls of the simulator, a minute apart, each followed by a look at what it left. */
import { randomUUID } from 'node:crypto';
import type { Program } from '../simulator/program.ts';
import type { Answer, Stage } from './script.ts';

/** Apart far enough that no answer can be taken for that to another request. */
const STEP_S = 60;
const SECONDS_PER_DAY = 86_400;
const AMOUNT = 1_000;

export interface StageParts {
  readonly program: Program;
  readonly card: string;
  /** Called after each call, with the authorization that it was about. */
  readonly afterCall: (authorizationId: string | null) => Promise<void>;
  readonly onAnswer: (how: Answer) => void;
  readonly onReplace: (card: string) => void;
  readonly onRecordCard: () => void;
  readonly commands: Pick<Stage, 'credit' | 'debit' | 'correct'>;
}

export function createStage(parts: StageParts): Stage {
  const { program } = parts;
  const { authorizations, transactions } = program.stripe.testHelpers.issuing;
  let card = parts.card;
  let isAtOnce = false;

  const pass = (seconds: number): Promise<unknown> =>
    program.control('POST', '/_sim/clock/advance', { seconds });

  async function step<T>(id: string | null, call: () => Promise<T>): Promise<T> {
    if (!isAtOnce) await pass(STEP_S);
    const result = await call();
    await parts.afterCall(id);
    return result;
  }

  async function captured(id: string, params: object): Promise<string> {
    const { transactions: list } = await step(id, () => authorizations.capture(id, params));
    const last = list.at(-1);
    if (last === undefined) throw new Error('a capture leaves a transaction');
    return last.id;
  }

  return {
    get card() {
      return card;
    },
    async buy(params) {
      const bought = await step(null, () =>
        authorizations.create({ card, ...(isPriced(params) ? {} : { amount: AMOUNT }), ...params }),
      );
      return bought.id;
    },
    async standIn(params) {
      const body = { card, amount: AMOUNT, ...params };
      const made = await step(null, () =>
        program.control('POST', '/_sim/issuing/authorizations/stand_in', body),
      );
      return String(made['id']);
    },
    async increment(id, amount) {
      await step(id, () => authorizations.increment(id, { increment_amount: amount }));
    },
    capture: (id, amount) => captured(id, amount === undefined ? {} : { capture_amount: amount }),
    capturePart: (id, amount) =>
      captured(id, { capture_amount: amount, close_authorization: false }),
    async reverse(id, amount) {
      const params = amount === undefined ? {} : { reverse_amount: amount };
      await step(id, () => authorizations.reverse(id, params));
    },
    async expire(id) {
      await step(id, () => authorizations.expire(id));
    },
    async finalize(id, amount) {
      await step(id, () => authorizations.finalizeAmount(id, { final_amount: amount }));
    },
    async refund(transactionId, amount) {
      const params = amount === undefined ? {} : { refund_amount: amount };
      const { authorization } = await program.stripe.issuing.transactions.retrieve(transactionId);
      const id = typeof authorization === 'string' ? authorization : (authorization?.id ?? null);
      await step(id, () => transactions.refund(transactionId, params));
    },
    async forceCapture(amount) {
      const { id } = await step(null, () => transactions.createForceCapture({ card, amount }));
      return id;
    },
    async creditUnlinked(amount) {
      await step(null, () => transactions.createUnlinkedRefund({ card, amount }));
    },
    async confirm(id) {
      const { fraud_challenges: asked } = await program.stripe.issuing.authorizations.retrieve(id);
      if (asked === null || asked === undefined || asked.length === 0) return;
      await step(id, () => authorizations.respond(id, { confirmed: true }));
    },
    ...parts.commands,
    async control(method, path, body) {
      await step(null, () => program.control(method, path, body));
    },
    answer: parts.onAnswer,
    async replaceCard() {
      const replacement = await step(null, () =>
        program.stripe.issuing.cards.create(
          {
            replacement_for: card,
            replacement_reason: 'damaged',
            currency: 'usd',
            type: 'virtual',
            status: 'active',
            spending_controls: { spending_limits: [{ amount: 10_000_000, interval: 'daily' }] },
          },
          { idempotencyKey: randomUUID() },
        ),
      );
      card = replacement.id;
      parts.onReplace(card);
    },
    async atOnce(work) {
      await pass(STEP_S);
      isAtOnce = true;
      const result = await work();
      isAtOnce = false;
      return result;
    },
    async passDays(days) {
      await pass(days * SECONDS_PER_DAY);
      await parts.afterCall(null);
    },
    recordCard: parts.onRecordCard,
  };
}

const isPriced = (params: object | undefined): boolean =>
  params !== undefined && ('amount' in params || 'merchant_amount' in params);
