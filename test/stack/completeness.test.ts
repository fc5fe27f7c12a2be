/** `npm run completeness` as a process: what it prints and how it ends. */
import { afterEach, beforeEach, expect, it } from 'vitest';
import { parseCommandLine } from '../../src/apps/cli/command-line.ts';
import { dayOf } from '../../src/domain/completeness.ts';
import { dayText } from '../../src/platform/day.ts';
import { createTenantWorld, type TenantWorld } from '../reconciliation/tenant-world.ts';
import { runCommand } from '../support/run-command.ts';

let world: TenantWorld;
let env: Readonly<Record<string, string>>;
beforeEach(async () => {
  world = await createTenantWorld();
  env = {
    DATABASE_URL: world.databaseUrl,
    STRIPE_SECRET_KEY: 'sk_test_reconciliation',
    STRIPE_API_BASE: world.stripeUrl,
    CATCH_UP_CALLS_PER_S: '100',
  };
});
afterEach(async () => {
  await world.close();
});

it('says what is missing and ends with 1, stores it and ends with 0', async () => {
  await world.ports.store.place(world.tenant.tenantId, world.nowS());
  const day = dayText(dayOf(world.nowS()));
  await world.make(2);
  await world.pass(2 * 86_400 + 3_600);
  const [event] = await world.listed();
  const looked = await runCommand(['completeness', '--no-fill', '--day', day], env);
  expect(looked.output).toContain(`${day}  ${world.tenant.tenantId}  open: 2 at Stripe, `);
  expect(looked.output).toContain(`  2 events missing:\n`);
  expect(looked.output).toContain(`    ${event?.eventId}  `);
  expect(looked.output).toContain('Gaps are open: 1 of 1 day.');
  expect(looked.code).toBe(1);
  const filled = await runCommand(['completeness'], env);
  expect(filled.output).toContain('whole: 2 events of issuing-2026-11 on both sides, ');
  expect(filled.output).toContain('No gap in 2 days.');
  expect(filled.code).toBe(0);
});

it('names the events of ours that Stripe does not list', async () => {
  await world.ports.store.place(world.tenant.tenantId, world.nowS());
  await world.make(1);
  const [event] = await world.listed();
  if (event === undefined) throw new Error('the simulator listed nothing');
  await world.deliver([event, { ...event, eventId: 'evt_of_nobody' }]);
  await world.pass(86_400 + 3_600);
  const { output, code } = await runCommand(['completeness'], env);
  expect(output).toContain('open: 1 at Stripe, ');
  expect(output).toContain('  1 event of ours not at Stripe:\n    evt_of_nobody\n');
  expect(code).toBe(1);
});

it('ends with 2 for a day that concerns no tenant, so that a slip is not taken for a proof', async () => {
  const { output, code } = await runCommand(['completeness', '--day', '2099-11-23'], env);
  expect(output).toContain('the day is to come, or was before the tenant was registered');
  expect([output.includes('Nothing was compared.'), code]).toEqual([true, 2]);
});

it('ends with 2 when Stripe cannot be asked', async () => {
  const key = { ...env, STRIPE_API_BASE: 'http://127.0.0.1:1' };
  const away = await runCommand(['completeness'], key);
  expect(away.output).toContain('1 tenant could not be looked at.');
  expect(away.code).toBe(2);
});

it('ends with 2 when the database cannot be asked, or a setting is missing', async () => {
  const noDatabase = { ...env, DATABASE_URL: 'postgres://issuing_app:hush@127.0.0.1:1/issuing' };
  const database = await runCommand(['completeness'], noDatabase);
  expect([database.code, database.output]).toEqual([
    2,
    expect.stringContaining('cannot be used: connect ECONNREFUSED'),
  ]);
  const half = await runCommand(['completeness'], { DATABASE_URL: world.databaseUrl });
  expect([half.code, half.output]).toEqual([2, expect.stringContaining('is set alone')]);
});

it('reads its options, and refuses what is no day and no tenant', () => {
  expect(parseCommandLine(['completeness', '--day', '2026-11-23', '--no-fill'])).toEqual({
    command: 'completeness',
    completeness: { day: 20_780, tenantId: null, isFilling: false },
  });
  expect(parseCommandLine(['completeness', '--day', '2026-02-30'])).toMatchObject({
    problem: '--day is "2026-02-30"; it must be a day, as 2026-11-23',
  });
  expect(parseCommandLine(['completeness', '--tenant', 'acct_1'])).toMatchObject({
    problem: '--tenant is "acct_1"; it must be the id of a tenant, ten_...',
  });
});
