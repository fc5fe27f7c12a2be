/** The command line: what it accepts, and what it says to everything else. */
import { spawn } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { parseCommandLine } from '../../src/apps/cli/command-line.ts';
import { modulePath, nodeCommand } from '../../src/apps/cli/local/module-command.ts';
import { stackEnvironment } from '../support/stack-environment.ts';

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

  it.each([
    [[], 'No command given'],
    [['strat'], 'Unknown command "strat"'],
    [['demo', '--crads', '3'], "Unknown option '--crads'"],
    [['demo', '--cards', '0'], '--cards is "0"; it must be a whole number from 1 to 1000'],
    [['demo', '--cards', '1.5'], '--cards is "1.5"'],
    [['demo', '--seed', 'x'], '--seed is "x"'],
    [['demo', 'extra'], "Unexpected argument 'extra'"],
    [['start', '--fast'], 'start takes no options, but got "--fast"'],
  ])('refuses %j', (args, problem) => {
    const line = parseCommandLine(args);
    expect(line.command).toBe('wrong');
    expect('problem' in line ? line.problem : '').toContain(problem);
  });
});

/** Runs the command line as a process and collects what it says. */
function runCommand(args: readonly string[], env: Record<string, string>) {
  const { command, args: nodeArgs } = nodeCommand(modulePath('src/apps/cli/main'), args);
  return new Promise<{ code: number | null; output: string }>((resolve) => {
    const child = spawn(command, [...nodeArgs], { env: { ...stackEnvironment(), ...env } });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk: Buffer) => {
        output += chunk.toString('utf8');
      });
    }
    child.once('close', (code) => resolve({ code, output }));
  });
}

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
  });
});
