/** Tokens, as the API shows them: without what the network told about them. */
import type { TokenRow } from '../../machines/token.ts';
import type { Kind } from '../kind.ts';

export const TOKEN: Kind<TokenRow> = {
  name: 'issuing.token',
  label: 'issuing token',
  idPrefix: 'intok',
  eventPrefix: 'issuing_token',
  table: (account) => account.tokens,
  render: (_account, { sim: _hidden, ...shown }) => ({
    ...shown,
    object: 'issuing.token',
    livemode: false,
  }),
};
