import { BlockList, isIP } from 'node:net';
import { SlipwayError } from '../base/index.ts';
import type { Environment } from './extra-roots.ts';

/**
 * The proxy through which `url` is asked; `undefined`: none. Read as Go's programs do: `HTTP_PROXY` for http, `HTTPS_PROXY` for https, and
 * what `NO_PROXY` names is asked directly: `*`, a host with all below it, `.host` for what is below, an address, or a network such as
 * `10.0.0.0/8`; the first and the last but one perhaps with a port.
 *
 * @throws {SlipwayError} `REG_BAD_PROXY`
 */
export function proxyFor(url: URL, env: Environment): string | undefined {
  const proxy = readProxy(url.protocol === 'https:' ? 'https_proxy' : 'http_proxy', env);
  return proxy === undefined || isDirect(url, env['no_proxy'] || env['NO_PROXY'] || '') ? undefined : proxy;
}

function readProxy(name: string, env: Environment): string | undefined {
  const value = env[name] || env[name.toUpperCase()] || '';
  if (value === '') return undefined;
  const text = value.includes('://') ? value : `http://${value}`;
  if (URL.canParse(text)) return text;
  throw new SlipwayError('REG_BAD_PROXY', `\`${name.toUpperCase()}\` is not a proxy address`, {
    hint: 'write it as http://host:port',
  });
}

function isDirect(url: URL, noProxy: string): boolean {
  const host = url.hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '');
  const port = url.port || (url.protocol === 'https:' ? '443' : '80');
  return noProxy
    .toLowerCase()
    .split(/[,\s]+/)
    .some((entry) => entry !== '' && (entry === '*' || names(entry, host, port)));
}

function names(entry: string, host: string, port: string): boolean {
  const [, network = '', bits] = /^([\da-f.:]+)\/(\d{1,3})$/.exec(entry) ?? [];
  if (bits !== undefined) return holds(network, Number(bits), host);
  const [, bracketed, plain, wanted = port] =
    /^(?:\[(.+)\]|([^:]+|[\da-f:.]*:[\da-f:.]*:[\da-f:.]*))(?::(\d+))?$/.exec(entry) ?? [];
  const name = bracketed ?? plain;
  if (name === undefined || wanted !== port) return false;
  if (isIP(name) !== 0) return isIP(host) === isIP(name) && holds(name, isIP(name) === 4 ? 32 : 128, host);
  const domain = name.replace(/^\*(?=\.)/, '');
  return domain.startsWith('.') ? host.endsWith(domain) : host === domain || host.endsWith(`.${domain}`);
}

/** Is the address `host` one of the network? A host that has only a name is in none. */
function holds(network: string, bits: number, host: string): boolean {
  const family = isIP(network) === 4 ? 'ipv4' : 'ipv6';
  if (isIP(network) === 0 || isIP(host) !== isIP(network) || bits > (family === 'ipv4' ? 32 : 128)) return false;
  const list = new BlockList();
  list.addSubnet(network, bits, family);
  return list.check(host, family);
}
