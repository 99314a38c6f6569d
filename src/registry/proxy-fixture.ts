import { createServer, request as httpRequest } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { answer } from './scripted-registry.ts';

// A real proxy for tests.

export interface TestProxy extends AsyncDisposable {
  /** With user and password. */
  readonly url: string;
  /** `CONNECT host:port` or `GET http://host/path` of each request. */
  readonly asked: readonly string[];
}

const authorization = `Basic ${Buffer.from('joe:geheim').toString('base64')}`;

/** A proxy that leads to `target` whatever host it is asked for. Like many it opens tunnels only to ports of TLS: not to 80. */
export async function startProxy(target: string): Promise<TestProxy> {
  const asked: string[] = [];
  const sockets = new Set<{ destroy(): void }>();
  const port = Number(target.split(':')[1]);
  const server = createServer((incoming, response) => {
    asked.push(`${incoming.method} ${incoming.url}`);
    if (incoming.headers['proxy-authorization'] !== authorization) return answer(response, 407);
    const { pathname, search } = new URL(incoming.url ?? '');
    const { 'proxy-authorization': _, ...headers } = incoming.headers;
    const onward = httpRequest({ port, host: '127.0.0.1', path: `${pathname}${search}`, headers }, (answered) => {
      response.writeHead(answered.statusCode ?? 502, answered.headers);
      answered.pipe(response);
    });
    onward.on('error', () => response.destroy());
    incoming.pipe(onward);
  });
  server.on('connect', (incoming, downstream) => {
    asked.push(`CONNECT ${incoming.url}`);
    sockets.add(downstream);
    downstream.on('error', () => downstream.destroy());
    if (incoming.headers['proxy-authorization'] !== authorization)
      return downstream.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n');
    if (incoming.url?.endsWith(':80') === true) return downstream.end('HTTP/1.1 403 Forbidden\r\n\r\n');
    const upstream = connect(port, '127.0.0.1', () => {
      downstream.write('HTTP/1.1 200 OK\r\n\r\n');
      upstream.pipe(downstream).pipe(upstream);
    });
    sockets.add(upstream);
    upstream.on('error', () => downstream.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://joe:geheim@127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
    },
  };
}
