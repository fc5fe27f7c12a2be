/** The metadata key under which our answer to a request leaves its note on Stripe's authorization. */

/** Stripe keeps keys of this length at most. */
const KEY_CHARACTERS_MAX = 40;
const BETWEEN = '__';
const PART_CHARACTERS = (KEY_CHARACTERS_MAX - BETWEEN.length) / 2;

/** The id of the request; of one that is longer than any that Stripe has made so far, its beginning and its end. */
export const metadataKeyOf = (requestId: string): string =>
  requestId.length <= KEY_CHARACTERS_MAX
    ? requestId
    : `${requestId.slice(0, PART_CHARACTERS)}${BETWEEN}${requestId.slice(-PART_CHARACTERS)}`;
