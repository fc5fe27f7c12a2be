/** Countries by their two letters, as ISO 3166 has them. Pure. */

/** The runtime has names for these, too, but they are no countries, or are none any more. */
const NO_COUNTRIES =
  /^(?:A[CN]|BU|C[PQS]|D[DGY]|E[AUZ]|FX|HV|IC|N[HT]|QO|RH|SU|T[AP]|U[KN]|VD|X[AB]|Y[DU]|ZR|ZZ)$/;

let names: Intl.DisplayNames | undefined;

export function isCountry(code: string): boolean {
  if (!/^[A-Z]{2}$/.test(code) || NO_COUNTRIES.test(code)) return false;
  // Made once it is needed: it takes some milliseconds.
  names ??= new Intl.DisplayNames('en', { type: 'region', fallback: 'none' });
  return names.of(code) !== undefined;
}
