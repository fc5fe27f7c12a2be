/** Every mutant meets the same random cases, so that a run can be repeated, and few of them, because there are many mutants. */
import fc from 'fast-check';

fc.configureGlobal({ seed: 20_261_128, numRuns: 100 });
