/** What `npm run reconcile` says. */
import type { Comparison, FoundDifference } from '../../../reconciliation/comparison.ts';

export type Counts = Comparison['counts'];

const KINDS = ['card', 'cardholder', 'authorization'] as const;

const NAMES: Readonly<Record<(typeof KINDS)[number], string>> = {
  card: 'card',
  cardholder: 'cardholder',
  authorization: 'open authorization',
};

export function foundText(found: FoundDifference, isDryRun: boolean): string {
  const of = found.cardId === null ? '' : ` of ${found.cardId}`;
  const remedy = {
    repaired: isDryRun ? 'would be repaired' : 'repaired through the inbox',
    person: isDryRun ? 'would become an attention item' : 'needs a person: see the attention items',
  }[found.remedy];
  const lines = found.differences.map(({ field, ours, theirs }) => {
    return `  ${field.padEnd(FIELD_WIDTH)}  ${ours} here, ${theirs} at Stripe`;
  });
  return [`${found.kind} ${found.id}${of}: ${remedy}`, ...lines].join('\n');
}

/** As the longest name of a field. */
const FIELD_WIDTH = 'cancellation_reason'.length;

export const progressText = (counts: Counts): string =>
  `  ${KINDS.map((kind) => counted(counts[kind].looked, NAMES[kind])).join(', ')} looked at …`;

export function reconcileText(counts: readonly Counts[], seconds: number): string {
  const sum = (pick: (one: Counts[keyof Counts]) => number): number =>
    counts.reduce((total, one) => total + KINDS.reduce((of, kind) => of + pick(one[kind]), 0), 0);
  const looked = KINDS.map((kind) => {
    const total = counts.reduce((of, one) => of + one[kind].looked, 0);
    return counted(total, NAMES[kind]);
  });
  const waiting = sum((one) => one.waiting);
  const left =
    waiting === 0
      ? ''
      : ` ${counted(waiting, 'object')} left out, because events of theirs have just come or wait to be applied.`;
  const took = `Looked at ${looked.join(', ')}; ${seconds.toFixed(1)} s.${left}`;
  const differing = sum((one) => one.differing);
  if (differing === 0) return `Nothing differs from Stripe. ${took}`;
  const verb = differing === 1 ? 'differs' : 'differ';
  return `${counted(differing, 'object')} ${verb} from Stripe. ${took}`;
}

const counted = (count: number, what: string): string =>
  `${count.toLocaleString('en-US')} ${what}${count === 1 ? '' : 's'}`;
