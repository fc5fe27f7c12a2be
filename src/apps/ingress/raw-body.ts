/**
 * Reads bodies as they came, and bounds what all unfinished ones hold together: anybody may begin a body, and its signature
 * is checked at its end. Of those that hold more than their share the one that began first gives way: an honest body is
 * small or young, because it is whole within milliseconds.
 */
import type { IncomingMessage } from 'node:http';
import { ApiError, type ErrorCode } from './errors.ts';

export interface BodyLimits {
  readonly bodyBytesMax: number;
  /** Of all unfinished bodies together. */
  readonly unfinishedBytesMax: number;
}

/** What Node.js keeps for a piece of a body beside its bytes: many pieces of one byte are not free. */
const PIECE_BYTES = 256;

interface Unfinished {
  held: number;
  readonly fail: (code: ErrorCode) => void;
}

export type BodyReader = (message: IncomingMessage) => Promise<Buffer>;

/** The reader rejects with an ApiError. */
export function createBodyReader({ bodyBytesMax, unfinishedBytesMax }: BodyLimits): BodyReader {
  /** In the order in which they began. */
  const unfinished = new Set<Unfinished>();
  let heldBytes = 0;

  const isFull = (): boolean => heldBytes > unfinishedBytesMax;

  function makeRoom(): void {
    while (isFull()) {
      // To end thousands that hold next to nothing would be much work for no room.
      const share = heldBytes / unfinished.size;
      for (const body of unfinished) {
        if (!isFull()) return;
        if (body.held >= share) body.fail('BODIES_WAIT');
      }
    }
  }

  return (message) =>
    new Promise((resolve, reject) => {
      if (Number(message.headers['content-length'] ?? 0) > bodyBytesMax) {
        reject(new ApiError('BODY_TOO_LARGE'));
        return;
      }
      const pieces: Buffer[] = [];
      let bytes = 0;
      const body: Unfinished = {
        held: 0,
        fail(code) {
          end();
          // What still comes is read by nobody.
          pieces.length = 0;
          message.resume();
          reject(new ApiError(code));
        },
      };
      const take = (piece: Buffer): void => {
        pieces.push(piece);
        bytes += piece.length;
        body.held += piece.length + PIECE_BYTES;
        heldBytes += piece.length + PIECE_BYTES;
        if (bytes > bodyBytesMax) body.fail('BODY_TOO_LARGE');
        else if (isFull()) makeRoom();
      };
      const finish = (): void => {
        end();
        const [first] = pieces;
        resolve(pieces.length === 1 && first !== undefined ? first : Buffer.concat(pieces, bytes));
      };
      const lose = (): void => body.fail('BAD_REQUEST');
      function end(): void {
        unfinished.delete(body);
        heldBytes -= body.held;
        message.off('data', take).off('end', finish).off('close', lose);
      }
      unfinished.add(body);
      // A lost connection is an error too; without somebody to hear it, it would end the process.
      message.on('error', () => {});
      message.on('data', take).once('end', finish).once('close', lose);
    });
}
