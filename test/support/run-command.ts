/** Runs the command line as a process and collects what it says. */
import { spawn } from 'node:child_process';
import { modulePath, nodeCommand } from '../../src/apps/cli/local/module-command.ts';
import { stackEnvironment } from './stack-environment.ts';

export function runCommand(args: readonly string[], env: Record<string, string>) {
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
