/**
 * What is tried at once after a commit and may fail: the relay does it later. The caller waits for a second at
 * most, because its answer does not depend on it.
 */
import type { NumberedFact } from '../../domain/card-contract.ts';
import type { CardId } from '../../domain/ids.ts';
import type { Logger } from '../../platform/logger.ts';
import type { Card } from '../../ports/cards.ts';
import { within } from './deadline.ts';
import type { IngressPorts } from './ingress-ports.ts';

/** How long an answer may be held up by something that it does not depend on. */
const BEST_EFFORT_MS = 1_000;

export interface AfterCommit {
  /** Starts the card's workflow and notes that it runs. True when that was done in time. */
  startWorkflow(card: Pick<Card, 'id' | 'tenantId' | 'cardholderId' | 'phase'>): Promise<boolean>;
  /** Sends a committed fact and notes that it was accepted. */
  sendFact(cardId: CardId, fact: NumberedFact): Promise<void>;
}

export function createAfterCommit(ports: IngressPorts, logger: Logger): AfterCommit {
  const { records, workflows } = ports;
  const attempt = async (what: string, work: Promise<void>): Promise<boolean> => {
    try {
      await within(work, BEST_EFFORT_MS, () => new Error(`not done within ${BEST_EFFORT_MS} ms`));
      return true;
    } catch (error) {
      logger.warn({ err: error }, `${what} is left to the relay`);
      return false;
    }
  };
  return {
    startWorkflow: ({ id: cardId, tenantId, cardholderId, phase }) =>
      attempt(
        'start of the workflow',
        (async () => {
          await workflows.start(cardId, { tenantId, cardholderId, phase });
          await records.cards.markWorkflowStarted(cardId);
        })(),
      ),

    async sendFact(cardId, fact) {
      await attempt(
        'sending of the fact',
        (async () => {
          const runId = await workflows.sendFacts(cardId, [fact]);
          if (fact.factId !== null) await records.controls.markSent([fact.factId], runId);
        })(),
      );
    },
  };
}
