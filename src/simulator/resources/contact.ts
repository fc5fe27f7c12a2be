/** Where and how somebody is reached: countries and addresses of e-mail as parameters. */
import { type Field, refined, text } from '../http/parameter.ts';
import { isCountry } from '../machines/country.ts';

const CODE_LENGTH = 2;

export const country = (): Field<string, false> =>
  refined(text({ max: CODE_LENGTH }), (code) =>
    isCountry(code)
      ? undefined
      : {
          message: `Country '${code}' is unknown. Use a code of two capital letters, as ISO 3166 has them.`,
          code: 'country_code_invalid',
        },
  );

/** Whether anybody reads it, only a message could tell. */
export const email = (): Field<string, false> =>
  refined(text(), (address) =>
    /^[^\s@]+@[^\s@]+\.[^\s@.]+$/.test(address)
      ? undefined
      : { message: `Invalid email address: ${address}`, code: 'email_invalid' },
  );
