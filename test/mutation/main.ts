/**
 * `npm run test:mutation [-- --core | --sql] [-- --only NAME] [--concurrency N]`: makes small mistakes in the core
 * and in the SQL functions, one at a time, and counts how many of them the tests find.
 */
import { parseArgs } from 'node:util';
import { Stryker } from '@stryker-mutator/core';
import { machine } from '../../bench/report.ts';
import { runSqlMutants, scoreOf, summary } from './sql-run.ts';

/** The same bar for the core stands in stryker.json. */
const KILLED_PERCENT_MIN = 85;

const print = (line: string): void => void process.stdout.write(`${line}\n`);

const { values } = parseArgs({
  options: {
    core: { type: 'boolean', default: false },
    sql: { type: 'boolean', default: false },
    only: { type: 'string', default: '' },
    concurrency: { type: 'string', default: '2' },
  },
});
const concurrency = Number(values.concurrency);

/** Stryker prints its own table, and fails below the bar of its configuration. */
async function core(): Promise<boolean> {
  const stryker = new Stryker({
    configFile: 'test/mutation/stryker.json',
    concurrency,
    ...(values.only === '' ? {} : { mutate: [values.only] }),
  });
  const results = await stryker.runMutationTest();
  const counted = results.filter(({ status }) => status !== 'Ignored' && status !== 'CompileError');
  const killed = counted.filter(({ status }) => status === 'Killed' || status === 'Timeout');
  return told('core', killed.length, counted.length);
}

async function sql(): Promise<boolean> {
  const results = await runSqlMutants({ only: values.only, concurrency, print });
  const isComplete = values.only === '';
  for (const line of summary(results, isComplete)) print(line);
  const { killed, tried } = scoreOf(results);
  return told('SQL functions', killed, tried);
}

function told(group: string, killed: number, tried: number): boolean {
  const percent = tried === 0 ? 0 : (killed / tried) * 100;
  print(`${group}: ${killed} of ${tried} mutants killed, ${percent.toFixed(1)} %`);
  return percent >= KILLED_PERCENT_MIN;
}

const startedMs = performance.now();
const { cpu, cores, node } = machine();
const both = values.core === values.sql;
const isCoreFine = !both && !values.core ? true : await core();
const isSqlFine = !both && !values.sql ? true : await sql();
const minutes = ((performance.now() - startedMs) / 60_000).toFixed(1);
print(`${cpu}, ${cores} cores, Node ${node}; ${minutes} minutes`);
process.exitCode = isCoreFine && isSqlFine ? 0 : 1;
