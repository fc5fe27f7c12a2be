/** Mutants of which somebody has shown that they change nothing that anybody could see, each with the reason. */
import type { SqlMutant } from './sql-mutants.ts';

interface Equivalent {
  readonly functionName: string;
  /** As the run prints it. */
  readonly change: string;
  readonly reason: string;
}

const EQUIVALENTS: readonly Equivalent[] = [];

const isOf =
  (mutant: SqlMutant) =>
  ({ functionName, change }: Equivalent): boolean =>
    functionName === mutant.functionName && change === mutant.change;

export const reasonWhyEquivalent = (mutant: SqlMutant): string | undefined =>
  EQUIVALENTS.find(isOf(mutant))?.reason;

/** Entries of the list that belong to no mutant any more. */
export const unusedReasons = (mutants: readonly SqlMutant[]): readonly string[] =>
  EQUIVALENTS.filter((entry) => !mutants.some((mutant) => isOf(mutant)(entry))).map(
    ({ change }) => change,
  );
