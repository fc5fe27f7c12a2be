/**
 * A command that the card's workflow answers. What it needs in Postgres is committed first, together with the
 * key; then the workflow is asked under an update id made from the key, so that a repeat, also one after a
 * crash in between, gets the first answer; then the answer is stored.
 */
import { createHash } from 'node:crypto';
import type { FastifyReply } from 'fastify';
import type { CardCommandName, CardCommands, CommandAnswer } from '../../domain/card-contract.ts';
import type { CardId } from '../../domain/ids.ts';
import { WorkflowsUnavailableError } from '../../ports/card-workflows.ts';
import type { Card } from '../../ports/cards.ts';
import type { Records } from '../../ports/records.ts';
import { keyedRequest, readAnswer, refusable } from './answer-once.ts';
import { type CommandName, checkPhase } from './command-phases.ts';
import { within } from './deadline.ts';
import { ApiError, errorBody, found } from './errors.ts';
import type { IngressPorts } from './ingress-ports.ts';

/** The whole request must be answered within 3 s; this leaves room for the writes around it. */
const WORKFLOW_ANSWER_MS = 2_500;
const HTTP_ACCEPTED = 202;
const HTTP_CONFLICT = 409;

type Undo = (records: Records) => Promise<void>;

export interface CardCommand<N extends CardCommandName = CardCommandName> {
  readonly cardId: CardId;
  readonly route: CommandName;
  readonly name: N;
  readonly argument: CardCommands[N];
  /** Writes what the workflow will read; may refuse by throwing an ApiError. Returns how to take it back. */
  readonly prepare?: (records: Records, card: Card) => Promise<Undo | undefined>;
  /** Written with the stored answer when the workflow accepted. */
  readonly accepted?: (records: Records, card: Card) => Promise<void>;
  /**
   * What `prepare` committed stands, and a fact tells the workflow of it, whatever it answers now. It is asked only so
   * that the caller hears the new phase.
   */
  readonly stands?: boolean;
}

/** Runs the command and returns the card in the phase that the workflow answered. */
export async function runCardCommand<N extends CardCommandName>(
  ports: IngressPorts,
  reply: FastifyReply,
  command: CardCommand<N>,
): Promise<Card> {
  const { answers, workflows } = ports;
  const { cardId, name, argument, stands } = command;
  const request = keyedRequest(reply.request);
  let undo: Undo | undefined;
  const begun = await answers.begin(
    request,
    refusable(async (records) => {
      const card = found(await records.cards.find(cardId), 'CARD_NOT_FOUND');
      checkPhase(card, command.route);
      undo = await command.prepare?.(records, card);
      return undefined;
    }),
  );
  if (begun.kind === 'mismatch') throw new ApiError('IDEMPOTENCY_KEY_REUSED');
  if (begun.kind === 'answered') return readAnswer<Card>(reply, begun);

  const said = await within(
    workflows.command(cardId, name, argument, updateIdOf(request.key)),
    WORKFLOW_ANSWER_MS,
    () => new WorkflowsUnavailableError(`no answer within ${WORKFLOW_ANSWER_MS} ms`),
  ).catch((error: unknown) => {
    if (stands !== true) throw error;
    reply.log.warn({ err: error }, "the card's workflow is told by the relay");
    return { kind: 'unanswered' as const };
  });
  const answer = await answers.finish(request, async (records) => {
    const card = found(await records.cards.find(cardId), 'CARD_NOT_FOUND');
    if (said.kind === 'unanswered' || (said.kind === 'refused' && stands === true)) {
      return { status: HTTP_ACCEPTED, body: card };
    }
    if (said.kind === 'refused') {
      await undo?.(records);
      return { status: HTTP_CONFLICT, body: refusalBody(command.route, said) };
    }
    await command.accepted?.(records, card);
    // The row follows with the workflow's next save; the answer already names the phase it decided.
    return { status: HTTP_ACCEPTED, body: { ...card, phase: said.phase } };
  });
  return readAnswer<Card>(reply, { answer, repeated: begun.repeated });
}

/** Names the update without showing the caller's key, which may hold anything. */
const updateIdOf = (key: string): string =>
  `api-${createHash('sha256').update(key).digest('hex').slice(0, 32)}`;

const refusalBody = (command: CommandName, refusal: Extract<CommandAnswer, { kind: 'refused' }>) =>
  errorBody(refusal.code, { command, phase: refusal.phase });
