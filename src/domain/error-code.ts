/**
 * A code of somebody else's, such as `document_expired`: letters, digits and underscores. It goes into facts and records,
 * which hold nothing personal, so nothing that could be a sentence passes as one.
 */
export const isErrorCode = (text: string): boolean => /^[a-z0-9_]{1,64}$/.test(text);
