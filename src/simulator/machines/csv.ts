/** Comma-separated values as RFC 4180 has them: a field is quoted only where it must be. Pure. */
const quote = (field: string): string =>
  /[",\r\n]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field;

/** A header and one line a record. What a record does not have is left empty. */
export const toCsv = (
  columns: readonly string[],
  records: readonly Readonly<Record<string, string>>[],
): string =>
  [columns, ...records.map((record) => columns.map((column) => record[column] ?? ''))]
    .map((fields) => `${fields.map(quote).join(',')}\n`)
    .join('');
