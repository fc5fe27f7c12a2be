/** JSON into `jsonb` columns. */

/**
 * The text of a value for a parameter written as `${jsonText(value)}::text::jsonb`. The driver would encode a
 * parameter that it believes to be JSON a second time; the cast to text keeps it from guessing.
 */
export const jsonText = (value: unknown): string => JSON.stringify(value);
