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
  /**
   * Who gave way hears of it this much later. Answered at once, senders of half bodies would come back at once with the
   * next, as fast as their line allows.
   */
  readonly refusedAfterMs: number;
}

/** What Node.js keeps for a piece of a body beside its bytes: many pieces of one byte are not free. */
const PIECE_BYTES = 256;

interface Unfinished {
  held: number;
  readonly giveWay: () => void;
}

export type BodyReader = (message: IncomingMessage) => Promise<Buffer>;

/** The reader rejects with an ApiError. */
export function createBodyReader(limits: BodyLimits): BodyReader {
  const { bodyBytesMax, unfinishedBytesMax, refusedAfterMs } = limits;
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
        if (body.held >= share) body.giveWay();
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
      const fail = (code: ErrorCode): void => {
        end();
        pieces.length = 0;
        // What still comes is read by nobody.
        message.resume();
        reject(new ApiError(code));
      };
      const body: Unfinished = {
        held: 0,
        giveWay() {
          end();
          pieces.length = 0;
          message.pause();
          const answer = (): void => fail('BODIES_WAIT');
          const timer = setTimeout(answer, refusedAfterMs);
          message.once('close', () => clearTimeout(timer)).once('close', answer);
        },
      };
      const take = (piece: Buffer): void => {
        pieces.push(piece);
        bytes += piece.length;
        body.held += piece.length + PIECE_BYTES;
        heldBytes += piece.length + PIECE_BYTES;
        if (bytes > bodyBytesMax) fail('BODY_TOO_LARGE');
        else if (isFull()) makeRoom();
      };
      const finish = (): void => {
        end();
        const [first] = pieces;
        resolve(pieces.length === 1 && first !== undefined ? first : Buffer.concat(pieces, bytes));
      };
      const lose = (): void => fail('BAD_REQUEST');
      function end(): void {
        if (unfinished.delete(body)) heldBytes -= body.held;
        message.off('data', take).off('end', finish).off('close', lose);
      }
      unfinished.add(body);
      // A lost connection is an error too; without somebody to hear it, it would end the process.
      message.on('error', () => {});
      message.on('data', take).once('end', finish).once('close', lose);
    });
}
