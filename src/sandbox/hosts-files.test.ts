import { describe, expect, test } from 'vitest';
import { hostsText, resolvConfText } from './hosts-files.ts';

describe('hostsText()', () => {
  test('DF-RUN-27 names the host and the extra ones', () => {
    expect(hostsText({ hostname: 'box', extraHosts: [{ host: 'db', ip: '10.0.0.1' }], network: 'host' })).toBe(
      '127.0.0.1\tlocalhost box\n::1\tlocalhost ip6-localhost ip6-loopback\n10.0.0.1\tdb\n',
    );
  });
});

describe('resolvConfText()', () => {
  const text = '# made\nnameserver 127.0.0.1\nnameserver 10.1.1.1\nsearch corp\noptions ndots:2\n';

  test('leaves the host network as it is', () => {
    expect(resolvConfText(text, 'host', false)).toBe(text);
  });

  test('drops loopback servers elsewhere, and keeps search and options', () => {
    expect(resolvConfText(text, 'none', false)).toBe('# made\nsearch corp\noptions ndots:2\nnameserver 10.1.1.1\n');
  });

  test.for([
    [false, ['8.8.8.8', '8.8.4.4']],
    [true, ['8.8.8.8', '8.8.4.4', '2001:4860:4860::8888', '2001:4860:4860::8844']],
  ] as const)('takes public servers when none is left (IPv6: %s)', ([withIpv6, servers]) => {
    const want = servers.map((server) => `nameserver ${server}\n`).join('');
    expect(resolvConfText('nameserver ::1\nnameserver 127.0.0.53\n', 'none', withIpv6)).toBe(want);
  });
});
