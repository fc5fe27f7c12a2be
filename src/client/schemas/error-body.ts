/** The one shape of every error. docs/api.md lists the codes. */
import { type Static, Type } from 'typebox';
import { AnyObject } from './values.ts';

export const ErrorBody = Type.Object(
  {
    error: Type.Object({
      code: Type.String({ description: 'Stable; listed in docs/api.md.' }),
      message: Type.String({ description: 'A sentence for people.' }),
      details: Type.Optional(AnyObject),
    }),
  },
  {
    description: 'The one shape of every error.',
    examples: [
      {
        error: {
          code: 'VALIDATION_FAILED',
          message: 'The request does not fit the schema; details name each field.',
          details: { fields: [{ in: 'body', path: 'amountMinor', message: 'must be >= 1' }] },
        },
      },
    ],
  },
);
export type ErrorBody = Static<typeof ErrorBody>;
