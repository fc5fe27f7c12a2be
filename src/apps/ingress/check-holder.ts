/** Refuses what Stripe would refuse, with the path of each field: what the schemas cannot say. */
import { type HolderToCheck, holderProblems } from '../../domain/cardholder-rules.ts';
import type { FieldProblem } from '../../domain/text-rules.ts';
import { invalidFields } from './errors.ts';

export function checkHolder(
  holder: HolderToCheck,
  { nowMs, currencies }: { readonly nowMs: number; readonly currencies: readonly string[] },
): void {
  const accepted = holder.individual?.userTermsAcceptance?.date;
  refuse(
    holderProblems(holder, {
      nowMs,
      today: new Date(nowMs).toISOString().slice(0, 'yyyy-mm-dd'.length),
      termsAcceptedMs: accepted === undefined ? null : momentOf(accepted),
      currencies,
    }),
  );
}

export function refuse(problems: readonly FieldProblem[]): void {
  if (problems.length > 0) throw invalidFields(problems);
}

function momentOf(text: string): number | null {
  const ms = Date.parse(text);
  return Number.isNaN(ms) ? null : ms;
}
