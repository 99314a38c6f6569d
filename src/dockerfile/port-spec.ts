import { SlipwayError, type SourceSpan } from '../base/index.ts';

/**
 * The config keys, `8080/tcp`, of the expanded arguments of EXPOSE, in order; a range becomes one key for each port.
 * Of the old forms `host:container` and `ip:host:container` only the container's port is kept.
 *
 * @throws {SlipwayError} `DF_BAD_PORT`
 */
export function parsePortSpecs(specs: readonly string[], at?: SourceSpan): readonly string[] {
  return specs.flatMap((spec) => parsePortSpec(spec, at));
}

function parsePortSpec(spec: string, at: SourceSpan | undefined): readonly string[] {
  const fail = (message: string): SlipwayError =>
    new SlipwayError('DF_BAD_PORT', message, { at, hint: 'write `80`, `8000-8010` or `53/udp`; ports go from 0 to 65535' });
  const parts = spec.split(':');
  const container = parts.pop() ?? '';
  const host = parts.pop() ?? '';
  const ip = parts.join(':');
  const [range = '', ...afterSlash] = container.split('/');
  const proto = (afterSlash.join('/') || 'tcp').toLowerCase();
  if (range === '') throw fail(`invalid port: ${JSON.stringify(spec)}: no port specified`);
  if (proto !== 'tcp' && proto !== 'udp' && proto !== 'sctp') {
    throw fail(`invalid port: ${JSON.stringify(spec)}: invalid proto: ${afterSlash.join('/')}`);
  }
  if (ip !== '' && !isIp(ip)) throw fail(`invalid IP address: ${ip}`);
  const ports = parseRange(range);
  if (ports === undefined) throw fail(`invalid containerPort: ${range}`);
  if (host !== '') {
    const hostPorts = parseRange(host);
    if (hostPorts === undefined) throw fail(`invalid hostPort: ${host}`);
    const isRange = ports.end > ports.start;
    if (isRange && hostPorts.end - hostPorts.start !== ports.end - ports.start) {
      throw fail(`invalid ranges specified for container and host Ports: ${range} and ${host}`);
    }
  }
  return Array.from({ length: ports.end - ports.start + 1 }, (_, index) => `${ports.start + index}/${proto}`);
}

function parseRange(text: string): { readonly start: number; readonly end: number } | undefined {
  const dash = text.indexOf('-');
  const start = parsePort(dash < 0 ? text : text.slice(0, dash));
  const end = dash < 0 ? start : parsePort(text.slice(dash + 1));
  return start === undefined || end === undefined || end < start ? undefined : { start, end };
}

function parsePort(text: string): number | undefined {
  if (!/^\+?\d+$/.test(text)) return undefined;
  const port = Number(text);
  return port <= 65_535 ? port : undefined;
}

function isIp(text: string): boolean {
  return isIp4(text) || isIp6(/^\[(.*)\]$/.exec(text)?.[1] ?? text);
}

function isIp4(text: string): boolean {
  const parts = text.split('.');
  return parts.length === 4 && parts.every((part) => /^(?:0|[1-9]\d{0,2})$/.test(part) && Number(part) <= 255);
}

function isIp6(text: string): boolean {
  const halves = text.split('::');
  if (halves.length > 2) return false;
  const groups = halves.flatMap((half) => (half === '' ? [] : half.split(':')));
  const last = groups.at(-1) ?? '';
  const isMixed = last.includes('.');
  const hex = isMixed ? groups.slice(0, -1) : groups;
  if (isMixed && !isIp4(last)) return false;
  if (!hex.every((group) => /^[0-9a-f]{1,4}$/i.test(group))) return false;
  const length = hex.length + (isMixed ? 2 : 0);
  return halves.length === 2 ? length < 8 : length === 8;
}
