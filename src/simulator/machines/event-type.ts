/** Types of events, and patterns of them. Pure. */

/** `issuing_card.*` stands for all types that begin with `issuing_card.`. */
export const matchesType = (type: string, wanted: string): boolean =>
  wanted.endsWith('*') ? type.startsWith(wanted.slice(0, -1)) : type === wanted;
