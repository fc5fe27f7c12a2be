/** Countries by their two letters, as ISO 3166 has them. Pure. */

/** The runtime has names for these, too, but they are no countries, or are none any more. */
const NO_COUNTRIES: readonly string[] = [
  ...['AC', 'AN', 'BU', 'CP', 'CQ', 'CS', 'DD', 'DG', 'DY', 'EA', 'EU', 'EZ', 'FX', 'HV', 'IC'],
  ...['NH', 'NT', 'QO', 'RH', 'SU', 'TA', 'TP', 'UK', 'UN', 'VD', 'XA', 'XB', 'YD', 'YU', 'ZR'],
  'ZZ',
];

let names: Intl.DisplayNames | undefined;

export function isCountry(code: string): boolean {
  if (!/^[A-Z]{2}$/.test(code) || NO_COUNTRIES.includes(code)) return false;
  // Made once it is needed: it takes some milliseconds.
  names ??= new Intl.DisplayNames('en', { type: 'region', fallback: 'none' });
  return names.of(code) !== undefined;
}
