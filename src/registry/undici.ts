import type { Agent, Dispatcher, ProxyAgent } from 'undici';

export interface Undici {
  readonly Agent: typeof Agent;
  readonly openProxy: (options: ProxyAgent.Options) => Promise<Dispatcher>;
  readonly request: (dispatcher: Dispatcher, options: Dispatcher.RequestOptions) => Promise<Dispatcher.ResponseData>;
}

/**
 * The HTTP client, loaded when the network is first needed, what is for proxies when there is one. Parts by path: 22 ms here, where the
 * whole of undici (fetch, caches, WebSocket, …) takes 60 ms.
 */
export async function loadUndici(): Promise<Undici> {
  const [agent, request] = await Promise.all([import('undici/lib/dispatcher/agent.js'), import('undici/lib/api/api-request.js')]);
  return {
    Agent: agent.default,
    openProxy,
    request: (dispatcher, options) => request.default.call(dispatcher, options),
  };
}

async function openProxy(options: ProxyAgent.Options): Promise<Dispatcher> {
  const [{ default: Proxy }, { default: ClientPool }, { default: connect }] = await Promise.all([
    import('undici/lib/dispatcher/proxy-agent.js'),
    import('undici/lib/dispatcher/pool.js'),
    import('undici/lib/api/api-connect.js'),
  ]);
  // Only the whole package gives every pool this method, which opens the tunnel.
  const clientFactory = (origin: URL, more: object): Dispatcher => Object.assign(new ClientPool(origin, more), { connect });
  return new Proxy({ ...options, clientFactory });
}
