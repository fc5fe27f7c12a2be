/** Reads the arguments of `npm run api-keys`. Pure: what is wrong comes back as a sentence. */
import { parseArgs } from 'node:util';
import { API_SCOPES, type ApiScope, isApiScope } from '../../../domain/api-scopes.ts';

export type ApiKeysArguments =
  | { readonly what: 'create'; readonly name: string; readonly scope: ApiScope }
  | { readonly what: 'list' }
  | { readonly what: 'revoke'; readonly id: string };

export type ApiKeysLine =
  | { readonly command: 'api-keys'; readonly keys: ApiKeysArguments }
  | { readonly command: 'help' }
  | { readonly command: 'wrong'; readonly problem: string };

/** Found in logs and in the audit log, so it is one plain word. */
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/;
const KEY_ID = /^key_[A-Za-z0-9]{1,60}$/;

export function parseApiKeys(args: readonly string[]): ApiKeysLine {
  if (args.includes('--help') || args.includes('-h')) return { command: 'help' };
  const [what, ...rest] = args;
  switch (what) {
    case 'create':
      return parseCreate(rest);
    case 'list':
      return rest.length === 0 ? keys({ what }) : wrong('api-keys list takes nothing else');
    case 'revoke': {
      const [id = '', ...others] = rest;
      return others.length === 0 && KEY_ID.test(id)
        ? keys({ what, id })
        : wrong('api-keys revoke takes the id of a key, key_..., as `api-keys list` shows it');
    }
    default:
      return wrong('api-keys needs one of: create, list, revoke');
  }
}

const keys = (argv: ApiKeysArguments): ApiKeysLine => ({ command: 'api-keys', keys: argv });
const wrong = (problem: string): ApiKeysLine => ({ command: 'wrong', problem });

function parseCreate(args: readonly string[]): ApiKeysLine {
  let values: { name?: string; scope?: string };
  try {
    ({ values } = parseArgs({
      args: [...args],
      options: { name: { type: 'string' }, scope: { type: 'string' } },
    }));
  } catch (error) {
    return wrong(error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error));
  }
  const { name = '', scope = '' } = values;
  if (!NAME.test(name)) {
    return wrong('--name must be one word of letters, digits, dots and dashes, at most 100');
  }
  if (!isApiScope(scope)) return wrong(`--scope must be one of: ${API_SCOPES.join(', ')}`);
  return keys({ what: 'create', name, scope });
}
