import { isNodeError } from '../base/index.ts';
import { HostFailure } from './failure.ts';

const lost = new Set([
  'ECONNRESET',
  'EPIPE',
  'ECONNABORTED',
  'UND_ERR_SOCKET',
  'UND_ERR_CLOSED',
  'UND_ERR_RES_CONTENT_LENGTH_MISMATCH',
  'ENETRESET',
]);
const away: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  ENOTFOUND: 'the host name is unknown',
  EHOSTUNREACH: 'no route to the host',
  ENETUNREACH: 'no route to its network',
  EACCES: 'this machine forbids the connection',
  EADDRNOTAVAIL: 'no address to connect from',
};
const badCertificate =
  /^(?:CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|ERR_TLS_CERT_|HOSTNAME_MISMATCH|INVALID_CA|CRL_|INVALID_PURPOSE)/;

/** What TLS servers say to a client without the right certificate, before version 1.3 and since. */
const wantsCertificate =
  /alert[ _](?:certificate[ _]required|bad[ _]certificate|unknown[ _]ca|certificate[ _]unknown|handshake[ _]failure)/i;

/** Put what the network layer threw into words, and say whether trying again may help. */
export function networkFailure(thrown: unknown, unreadRoots: readonly string[] = []): HostFailure {
  if (thrown instanceof HostFailure) return thrown;
  const error = firstWithCode(thrown);
  const code = error?.code ?? '';
  const cause = thrown;
  if (lost.has(code)) return new HostFailure('REG_CONNECTION_LOST', 'the connection broke', { transient: true, cause });
  const reason = away[code];
  if (reason !== undefined) {
    return new HostFailure('REG_UNREACHABLE', reason, {
      unreachable: true,
      cause,
      hint: 'check the host name, the network and the proxy settings',
    });
  }
  if (code === 'EAI_AGAIN')
    return new HostFailure('REG_UNREACHABLE', 'the name server did not answer', { transient: true, unreachable: true, cause });
  if (code === 'UND_ERR_CONNECT_TIMEOUT' || code === 'ETIMEDOUT') {
    return new HostFailure('REG_TIMEOUT', 'no connection within the time limit', {
      transient: true,
      timedOut: true,
      unreachable: true,
      cause,
    });
  }
  if (code === 'UND_ERR_HEADERS_TIMEOUT') {
    return new HostFailure('REG_TIMEOUT', 'the server did not answer within the time limit', {
      transient: true,
      timedOut: true,
      cause,
    });
  }
  if (code === 'UND_ERR_BODY_TIMEOUT') {
    return new HostFailure('REG_TIMEOUT', 'the server stopped sending', { transient: true, timedOut: true, cause });
  }
  if (code === 'UND_ERR_HEADERS_OVERFLOW' || code.startsWith('HPE_')) {
    return new HostFailure('REG_BAD_RESPONSE', 'the answer is not HTTP as we know it', { cause });
  }
  if (badCertificate.test(code)) {
    const more = unreadRoots.length === 0 ? '' : `; ${unreadRoots.join('; ')}`;
    return new HostFailure('REG_TLS', `its certificate is not trusted (${error?.message ?? code})${more}`, {
      cause,
      hint: 'name a file with the certificate authority in `SLIPWAY_EXTRA_CA_CERTS`, or list the host as an insecure registry',
    });
  }
  if (wantsCertificate.test(`${code} ${error?.message ?? ''}`)) {
    return new HostFailure(
      'REG_NO_CLIENT_CERTIFICATE',
      'the server ended the handshake, as it does when it wants a client certificate',
      {
        cause,
        hint: 'put client.cert and client.key into `/etc/docker/certs.d/HOST`, or into a folder HOST below `SLIPWAY_CERTS_DIR`',
      },
    );
  }
  if (code === 'EPROTO' || code.startsWith('ERR_SSL_') || code.startsWith('ERR_TLS_')) {
    return new HostFailure('REG_TLS', 'the server does not speak TLS as we do', {
      cause,
      hint: 'if it is meant to be asked over plain HTTP, list the host as an insecure registry',
    });
  }
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  // undici reports a proxy's refusal to tunnel as an abort of its own.
  const proxy = /^Proxy response \((\d+)\)/.exec(message);
  if (proxy !== null) {
    return new HostFailure('REG_UNREACHABLE', `the proxy answered ${proxy[1]}`, {
      cause,
      hint: 'check the proxy settings and NO_PROXY',
    });
  }
  return new HostFailure('REG_UNREACHABLE', message === '' ? 'the request failed' : message, { unreachable: true, cause });
}

/** An `AggregateError` (all addresses of a host failed) carries the codes inside. */
function firstWithCode(thrown: unknown): NodeJS.ErrnoException | undefined {
  if (thrown instanceof AggregateError) return firstWithCode(thrown.errors[0]);
  if (!isNodeError(thrown)) return undefined;
  return thrown.code === 'UND_ERR_ABORTED' && thrown.cause !== undefined ? firstWithCode(thrown.cause) : thrown;
}
