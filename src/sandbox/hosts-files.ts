import { readFileSync, writeFileSync } from 'node:fs';
import { type HostPath, hostPath, ifThere } from '../base/index.ts';
import type { SandboxMount } from './ports.ts';

export interface HostsOptions {
  readonly hostname: string;
  readonly extraHosts: readonly { readonly host: string; readonly ip: string }[];
  readonly network: 'host' | 'none';
}

const bindOptions = ['nosuid', 'noexec', 'nodev', 'rbind', 'ro'] as const;

/**
 * Write `hosts` and `resolv.conf` into `dir` and return the mounts that put them into a sandbox, where no process can change
 * them. They must stay until the process has ended.
 */
export function writeHostsFiles(dir: HostPath, options: HostsOptions): readonly SandboxMount[] {
  const files = [
    ['hosts', hostsText(options)],
    ['resolv.conf', resolvConfText(hostResolvConf(options.network), options.network, hasIpv6())],
  ] as const;
  return files.map(([name, text]) => {
    const source = hostPath(`${dir}/${name}`);
    writeFileSync(source, text, { mode: 0o644 });
    return { destination: `/etc/${name}`, type: 'bind', source, options: bindOptions };
  });
}

export function hostsText({ hostname, extraHosts }: HostsOptions): string {
  const own = [`127.0.0.1\tlocalhost ${hostname}`.trimEnd(), '::1\tlocalhost ip6-localhost ip6-loopback'];
  return [...own, ...extraHosts.map(({ host, ip }) => `${ip}\t${host}`), ''].join('\n');
}

const stub = '127.0.0.53';

function hostResolvConf(network: HostsOptions['network']): string {
  const text = readIfThere('/etc/resolv.conf');
  const servers = nameservers(text);
  const isStub = servers.length === 1 && servers[0] === stub;
  return isStub && network !== 'host' ? readIfThere('/run/systemd/resolve/resolv.conf') || text : text;
}

/**
 * The host's resolver configuration as it makes sense inside: a loopback server is of no use in another network, so it is
 * dropped, and when none is left, public servers stand in.
 */
export function resolvConfText(host: string, network: HostsOptions['network'], withIpv6: boolean): string {
  if (network === 'host') return host;
  const rest = host.split('\n').filter((line) => line.trim() !== '' && !/^\s*nameserver\s/.test(line));
  const servers = nameservers(host).filter((server) => !isLoopback(server));
  if (servers.length === 0) {
    servers.push('8.8.8.8', '8.8.4.4');
    if (withIpv6) servers.push('2001:4860:4860::8888', '2001:4860:4860::8844');
  }
  return [...rest, ...servers.map((server) => `nameserver ${server}`), ''].join('\n');
}

function nameservers(text: string): string[] {
  return [...text.matchAll(/^\s*nameserver\s+(\S+)/gm)].map((match) => match[1] ?? '');
}

function isLoopback(address: string): boolean {
  return address === '::1' || address.startsWith('127.');
}

function hasIpv6(): boolean {
  return readIfThere('/proc/net/if_inet6').trim() !== '';
}

function readIfThere(path: string): string {
  return ifThere(() => readFileSync(path, 'utf8')) ?? '';
}
