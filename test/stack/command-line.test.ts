/** The command line: what it accepts, and what it says to everything else. */
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseCommandLine } from '../../src/apps/cli/command-line.ts';
import { reportFileProblem } from '../../src/apps/cli/report-file.ts';
import { localStackConfig } from '../../src/platform/config.ts';
import { runCommand } from '../support/run-command.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

describe('parseCommandLine', () => {
  it('fills in the defaults of the demo', () => {
    expect(parseCommandLine(['demo'])).toEqual({
      command: 'demo',
      demo: { cards: 6, seed: 1, keep: false },
    });
  });

  it('reads all options of the demo', () => {
    const args = ['demo', '--cards', '40', '--seed=7', '--keep', '--report', 'out.json'];
    expect(parseCommandLine(args)).toEqual({
      command: 'demo',
      demo: { cards: 40, seed: 7, keep: true, report: 'out.json' },
    });
  });

  it('reads the option of ledger-verify', () => {
    expect(parseCommandLine(['ledger-verify'])).toEqual({ command: 'ledger-verify', all: false });
    expect(parseCommandLine(['ledger-verify', '--all'])).toMatchObject({ all: true });
  });

  it('reads the options of workflows-restore', () => {
    expect(parseCommandLine(['workflows-restore'])).toEqual({
      command: 'workflows-restore',
      restore: { after: '', dryRun: false },
    });
    expect(parseCommandLine(['workflows-restore', '--after', 'card_7', '--dry-run'])).toEqual({
      command: 'workflows-restore',
      restore: { after: 'card_7', dryRun: true },
    });
  });

  it.each([
    [[], 'No command given'],
    [['workflows-restore', '--after', '7'], '--after is "7"; it must be the id of a card'],
    [['workflows-restore', '--force'], "Unknown option '--force'"],
    [['ledger-verify', '--most'], 'takes no option but --all, and got "--most"'],
    [['strat'], 'Unknown command "strat"'],
    [['demo', '--crads', '3'], "Unknown option '--crads'"],
    [['demo', '--cards', '0'], '--cards is "0"; it must be a whole number from 1 to 1000'],
    [['demo', '--cards', '1.5'], '--cards is "1.5"'],
    [['demo', '--cards', '-1'], '--cards is "-1"; it must be a whole number from 1 to 1000'],
    [['demo', '--seed', '-1'], '--seed is "-1"; it must be a whole number from 0'],
    [['demo', '--seed', 'x'], '--seed is "x"'],
    [['demo', 'extra'], "Unexpected argument 'extra'"],
    [['start', '--fast'], 'start takes no options, but got "--fast"'],
  ])('refuses %j', (args, problem) => {
    const line = parseCommandLine(args);
    expect(line.command).toBe('wrong');
    expect('problem' in line ? line.problem : '').toContain(problem);
  });
});

describe('reportFileProblem', () => {
  it('accepts a file that is there or can be made, and makes none', async () => {
    const folder = await temporaryFolder();
    const file = join(folder, 'report.json');
    expect(await reportFileProblem(file)).toBeUndefined();
    expect(existsSync(file)).toBe(false);
    await writeFile(file, 'an earlier one');
    expect(await reportFileProblem(file)).toBeUndefined();
    expect(await readFile(file, 'utf8')).toBe('an earlier one');
    expect(await reportFileProblem(folder)).toContain('is a folder');
    expect(await reportFileProblem(join(file, 'inside.json'))).toContain('is not a folder');
  });
});

describe('the configuration', () => {
  it('refuses what is no secret of its kind, without repeating it', () => {
    const env = {
      DATABASE_URL: 'postgres://issuing_app@127.0.0.1/issuing',
      DATABASE_OWNER_URL: 'postgres://issuing_owner@127.0.0.1/issuing',
      STRIPE_SECRET_KEY: 'pk_test_hush',
      STRIPE_WEBHOOK_SECRETS: 'whsec_1,we_hush',
      AUTHORIZER_SIGNING_SECRETS: 'platform=whsec_1',
    };
    const read = (more: object = {}) => localStackConfig({ ...env, ...more });
    expect(read).toThrow(/STRIPE_SECRET_KEY must start with sk_ or rk_/);
    expect(read).toThrow(/STRIPE_WEBHOOK_SECRETS has an entry that does not start with whsec_/);
    expect(read).not.toThrow(/hush/);
    const right = { STRIPE_SECRET_KEY: 'rk_live_1', STRIPE_WEBHOOK_SECRETS: 'whsec_1,whsec_2' };
    expect(() => read(right)).toThrow(
      'STRIPE_SECRET_KEY is a live key, but STRIPE_LIVEMODE is false',
    );
    expect(read({ ...right, STRIPE_LIVEMODE: 'true' }).stripe).toMatchObject({
      secretKey: 'rk_live_1',
      webhookSecrets: ['whsec_1', 'whsec_2'],
    });
  });
});

describe('the command line as a process', () => {
  it('says what is unknown, shows the usage, and ends with 1', async () => {
    const { code, output } = await runCommand(['strat'], {});
    expect(code).toBe(1);
    expect(output).toMatch(/^Unknown command "strat"\n\nUsage:/);
  });

  it('names every wrong variable before anything is started', async () => {
    const env = { DATABASE_URL: 'mysql://x', STRIPE_SECRET_KEY: 'sk_test_1', TEMPORAL_CLI: '' };
    const { code, output } = await runCommand(['start'], env);
    expect(code).toBe(1);
    for (const name of [
      'DATABASE_URL',
      'DATABASE_OWNER_URL',
      'STRIPE_WEBHOOK_SECRETS',
      'AUTHORIZER_SIGNING_SECRETS',
    ]) {
      expect(output).toContain(`  - ${name} `);
    }
    expect(output).not.toContain('mysql://x');
    expect(output).not.toContain('    at ');
  });

  it('names the missing address of the owner when it is to migrate', async () => {
    const { code, output } = await runCommand(['migrate'], {});
    expect(code).toBe(1);
    expect(output).toContain('DATABASE_OWNER_URL is not set');
    expect(output).toContain('DATABASE_OWNER_URL=postgres://issuing_owner:');
  });

  it('names the variable and the address of a database that cannot be reached', async () => {
    const env = { DATABASE_OWNER_URL: 'postgres://issuing_owner:hush@127.0.0.1:1/issuing' };
    const { code, output } = await runCommand(['migrate'], env);
    expect(code).toBe(1);
    expect(output).toContain(
      'DATABASE_OWNER_URL: postgres://issuing_owner@127.0.0.1:1/issuing cannot be used: connect ECONNREFUSED',
    );
    expect(output).not.toContain('hush');
  });

  it('looks for the folder of the report before the demo starts', async () => {
    const file = join(await temporaryFolder(), 'none', 'report.json');
    const { code, output } = await runCommand(['demo', '--report', file], {});
    expect(code).toBe(1);
    expect(output).toContain('there is no folder');
    expect(output).not.toContain('Bringing');
  });
});
