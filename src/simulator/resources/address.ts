/** Postal addresses as parameters. */
import { object, required, text, unsettable, type Values } from '../http/parameter.ts';
import type { Address } from '../machines/cardholder.ts';
import { country } from './contact.ts';

const SHAPE = {
  city: required(text()),
  country: required(country()),
  line1: required(text()),
  line2: unsettable(text()),
  postal_code: required(text()),
  state: unsettable(text()),
};

export const address = object(SHAPE);

export const readAddress = (given: Values<typeof SHAPE>): Address => ({
  city: given.city,
  country: given.country,
  line1: given.line1,
  line2: given.line2 ?? null,
  postal_code: given.postal_code,
  state: given.state ?? null,
});
