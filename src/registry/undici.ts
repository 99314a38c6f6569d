import type { Agent, Dispatcher, EnvHttpProxyAgent } from 'undici';

export interface Undici {
  readonly Agent: typeof Agent;
  readonly EnvHttpProxyAgent: typeof EnvHttpProxyAgent;
  readonly request: (dispatcher: Dispatcher, options: Dispatcher.RequestOptions) => Promise<Dispatcher.ResponseData>;
}

/**
 * The HTTP client, loaded when the network is first needed. Three parts by path: 22 ms here, where the whole of undici
 * (fetch, caches, WebSocket, …) takes 60 ms.
 */
export async function loadUndici(): Promise<Undici> {
  const [agent, proxyAgent, request] = await Promise.all([
    import('undici/lib/dispatcher/agent.js'),
    import('undici/lib/dispatcher/env-http-proxy-agent.js'),
    import('undici/lib/api/api-request.js'),
  ]);
  return {
    Agent: agent.default,
    EnvHttpProxyAgent: proxyAgent.default,
    request: (dispatcher, options) => request.default.call(dispatcher, options),
  };
}
