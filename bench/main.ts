/** `npm run bench -- NAME [options]`: runs one benchmark, prints its table, writes its report. */
import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { actions } from './actions.ts';
import { authorizer } from './authorizer.ts';
import { demoPath } from './demo-path.ts';
import { ledger } from './ledger.ts';
import { ledgerQueries } from './ledger-queries.ts';
import { type Bench, type BenchReport, machine, table, UnknownPartError } from './report.ts';
import { simulator } from './simulator.ts';
import { webhooks } from './webhooks.ts';

const BENCHES: Readonly<Record<string, Bench>> = {
  actions,
  authorizer,
  'demo-path': demoPath,
  ledger,
  'ledger-queries': ledgerQueries,
  simulator,
  webhooks,
};
const USAGE = `Usage: npm run bench -- NAME [--quick] [--only PART,...] [--postings N] [--report FILE]\nNAME is one of: ${Object.keys(BENCHES).join(', ')}`;

/** @returns the exit code: 0 when all bars hold, 1 for a bar that does not, 2 for a wrong command line. */
async function main(args: string[]): Promise<number> {
  let parsed: {
    values: { quick?: boolean; only?: string; postings?: string; report?: string };
    positionals: string[];
  };
  try {
    parsed = parseArgs({
      args,
      allowPositionals: true,
      options: {
        quick: { type: 'boolean' },
        only: { type: 'string' },
        postings: { type: 'string' },
        report: { type: 'string' },
      },
    });
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n\n${USAGE}`);
    return 2;
  }
  const [name = '', ...rest] = parsed.positionals;
  const bench = BENCHES[name];
  const postings =
    parsed.values.postings === undefined ? undefined : Number(parsed.values.postings);
  const isCount = postings === undefined || (Number.isSafeInteger(postings) && postings > 0);
  if (bench === undefined || rest.length > 0 || !isCount) {
    console.error(USAGE);
    return 2;
  }
  const { quick = false, report: file } = parsed.values;
  const only = parsed.values.only?.split(',');
  const report: BenchReport = { machine: machine(), ...(await bench({ quick, postings, only })) };
  console.log(table(report));
  if (file !== undefined) await writeFile(file, `${JSON.stringify(report, null, 2)}\n`);
  return report.bars.every((bar) => bar.ok) ? 0 : 1;
}

process.exit(
  await main(process.argv.slice(2)).catch((error: unknown) => {
    if (!(error instanceof UnknownPartError)) throw error;
    console.error(error.message);
    return 2;
  }),
);
