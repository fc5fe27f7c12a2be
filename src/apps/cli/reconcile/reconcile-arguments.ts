/** Reads the arguments of `npm run reconcile`. Pure: what is wrong comes back as a sentence. */
import { parseArgs } from 'node:util';
import { type CardId, parseCardId } from '../../../domain/ids.ts';

export interface ReconcileArguments {
  /** Only this card, with its holder and its open authorizations; null for all. */
  readonly cardId: CardId | null;
  readonly dryRun: boolean;
}

export type ReconcileLine =
  | { readonly command: 'reconcile'; readonly reconcile: ReconcileArguments }
  | { readonly command: 'help' }
  | { readonly command: 'wrong'; readonly problem: string };

export const RECONCILE_USAGE = `  npm run reconcile -- [--card CARD] [--dry-run]
      Compares cards, cardholders and open authorizations of DATABASE_URL, or of a running \`npm start\`, with those at
      Stripe, and repairs what differs: through the inbox, or with an attention item where a person has to decide.
      Ends with 0 when nothing differs, 1 when something does, 2 when Stripe or the database cannot be asked.
      --card CARD    compares this card, its holder and its open authorizations
      --dry-run      says what differs and changes nothing
`;

const CARD_ID = /^card_[A-Za-z0-9]{1,60}$/;

export function parseReconcile(args: readonly string[]): ReconcileLine {
  let values: { 'dry-run'?: boolean; card?: string; help?: boolean };
  try {
    ({ values } = parseArgs({
      args: [...args],
      options: {
        'dry-run': { type: 'boolean' },
        card: { type: 'string' },
        help: { type: 'boolean', short: 'h' },
      },
    }));
  } catch (error) {
    const problem = error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
    return { command: 'wrong', problem };
  }
  if (values.help) return { command: 'help' };
  const { card, 'dry-run': dryRun = false } = values;
  if (card === undefined) return { command: 'reconcile', reconcile: { cardId: null, dryRun } };
  if (CARD_ID.test(card)) {
    return { command: 'reconcile', reconcile: { cardId: parseCardId(card), dryRun } };
  }
  return {
    command: 'wrong',
    problem: `--card is "${card}"; it must be the id of a card, card_...`,
  };
}
