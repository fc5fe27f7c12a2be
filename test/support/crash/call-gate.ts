/**
 * Stands between the worker and the simulator, and knows each call twice: when it has come, and when it has had its
 * effect but its answer has not gone on. Whoever kills the worker at these moments hits the middle of a call.
 */
import http from 'node:http';
import type { AddressInfo } from 'node:net';

export interface CallMoment {
  readonly when: 'came' | 'done';
  readonly method: string;
  readonly path: string;
}

export interface CallGate {
  readonly url: string;
  /** Is told of every moment before the call goes on, until it is replaced. */
  onMoment: (moment: CallMoment) => void;
  close(): Promise<void>;
}

export async function createCallGate(target: string): Promise<CallGate> {
  const { hostname, port } = new URL(target);

  function pass(request: http.IncomingMessage, response: http.ServerResponse): void {
    const { method = 'GET', url = '/', headers } = request;
    const [path = '/'] = url.split('?');
    gate.onMoment({ when: 'came', method, path });
    const cut = (): void => void request.socket.destroy();
    const call = http.request({ hostname, port, method, path: url, headers }, (answer) => {
      // What the simulator drops after the effect never answers, and is cut here as there.
      gate.onMoment({ when: 'done', method, path });
      response.writeHead(answer.statusCode ?? 500, answer.headers);
      answer.on('error', cut).pipe(response);
    });
    call.on('error', cut);
    request.pipe(call);
  }

  const server = http.createServer(pass);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address() as AddressInfo;
  const gate: CallGate = {
    url: `http://127.0.0.1:${address.port}`,
    onMoment: () => {},
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return gate;
}
