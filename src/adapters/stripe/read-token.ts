/** Tokens of cards, and the designs that cards are printed with, as events show them. Pure. */
import { parseDesignId, parseStripeCardId, parseTokenId } from '../../domain/ids.ts';
import type { DesignSighting, TokenSighting } from '../../domain/sighting.ts';
import { idAt, type Json, optionalObject, optionalText, textAt } from './wire.ts';

/** Stripe's words are short; whatever else is sent must fit into a line. */
const WORD_LENGTH_MAX = 100;

const wordAt = (object: Json, name: string): string =>
  textAt(object, name).slice(0, WORD_LENGTH_MAX);
const optionalWord = (object: Json, name: string): string | null =>
  optionalText(object, name)?.slice(0, WORD_LENGTH_MAX) ?? null;

/** What a token tells of its device may lead to a person, and is left alone. */
export const readToken = (token: Json, atS: number): TokenSighting => ({
  kind: 'token',
  tokenId: parseTokenId(textAt(token, 'id')),
  stripeCardId: parseStripeCardId(idAt(token, 'card')),
  atS,
  status: wordAt(token, 'status'),
  wallet: optionalWord(token, 'wallet_provider'),
  network: optionalWord(token, 'network'),
});

export const readDesign = (design: Json, atS: number): DesignSighting => ({
  kind: 'design',
  designId: parseDesignId(textAt(design, 'id')),
  atS,
  status: wordAt(design, 'status'),
  name: optionalWord(design, 'name'),
  rejectionReasons: rejectionReasons(optionalObject(design, 'rejection_reasons') ?? {}),
});

/** `card_logo: inappropriate` and so on: each part of a design has reasons of its own. */
const rejectionReasons = (parts: Json): readonly string[] =>
  Object.entries(parts).flatMap(([part, reasons]) =>
    Array.isArray(reasons)
      ? reasons
          .filter((reason) => typeof reason === 'string')
          .map((reason) => `${part}: ${reason}`.slice(0, WORD_LENGTH_MAX))
      : [],
  );
