/** What Stripe allows of metadata, whoever sets it: a caller of the API or a real-time endpoint. Pure. */
export const METADATA_KEYS_MAX = 50;
/** In characters. */
export const METADATA_KEY_LENGTH_MAX = 40;
/** In characters. */
export const METADATA_VALUE_LENGTH_MAX = 500;
