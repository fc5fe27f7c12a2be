/** Reads the arguments of `npm run erase`. Pure: what is wrong comes back as a sentence. */
import { parseArgs } from 'node:util';

export interface EraseArguments {
  readonly cardholderId: string;
  readonly isConfirmed: boolean;
}

export type EraseLine =
  | { readonly command: 'erase'; readonly erase: EraseArguments }
  | { readonly command: 'help' }
  | { readonly command: 'wrong'; readonly problem: string };

const CARDHOLDER_ID = /^chr_[A-Za-z0-9]{1,60}$/;

export function parseErase(args: readonly string[]): EraseLine {
  let values: { cardholder?: string; yes?: boolean; help?: boolean };
  try {
    ({ values } = parseArgs({
      args: [...args],
      options: {
        cardholder: { type: 'string' },
        yes: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    }));
  } catch (error) {
    const problem = error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
    return { command: 'wrong', problem };
  }
  if (values.help === true) return { command: 'help' };
  const { cardholder = '', yes = false } = values;
  if (!CARDHOLDER_ID.test(cardholder)) {
    return { command: 'wrong', problem: 'erase needs --cardholder with an id, chr_...' };
  }
  return { command: 'erase', erase: { cardholderId: cardholder, isConfirmed: yes } };
}
