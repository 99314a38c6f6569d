import type { Reference } from '../oci/index.ts';
import { type Endpoint, endpointName, type MirrorEndpoint, mirrorEndpoint, originEndpoint } from './endpoint.ts';
import { type Attempt, explainAttempts, HostFailure } from './failure.ts';
import type { HostSession } from './host-session.ts';
import { Backoff, type RegistryTuning } from './tuning.ts';

/** What every operation of the client works with. */
export interface Hosts {
  readonly session: HostSession;
  readonly tuning: RegistryTuning;
  readonly mirrors: ReadonlyMap<string, readonly MirrorEndpoint[]>;
  /** Which host answered last for a repository; it is asked first the next time. */
  readonly preferred: Map<string, Endpoint>;
  /** Mirrors that could not be reached: not asked again by this client while another host can be. */
  readonly unreachable: Set<string>;
}

/**
 * Do `work` at the mirrors in order, then at the origin, until one succeeds. When none does, those whose failure may pass are
 * asked again after a pause, a bounded number of times. `what` completes "cannot …".
 * @throws {RegistryError} with every host tried and its reason
 */
export async function pullFrom<T>(
  hosts: Hosts,
  reference: Reference,
  what: string,
  work: (endpoint: Endpoint) => Promise<T>,
  signal: AbortSignal,
): Promise<T> {
  const repository = `${reference.host}/${reference.repository}`;
  const backoff = new Backoff(hosts.tuning);
  const failures = new Map<Endpoint, HostFailure>();
  let remaining = pullEndpoints(hosts, reference, repository);
  const order = remaining;
  for (;;) {
    for (const endpoint of remaining) {
      try {
        const result = await work(endpoint);
        hosts.preferred.set(repository, endpoint);
        return result;
      } catch (thrown) {
        const failure = hostFailure(thrown, signal);
        failures.set(endpoint, failure);
        if (failure.details.unreachable === true && endpoint.kind === 'mirror') hosts.unreachable.add(endpointName(endpoint));
      }
    }
    remaining = remaining.filter((endpoint) => failures.get(endpoint)?.details.transient === true);
    const next = remaining.at(-1);
    const failure = next === undefined ? undefined : failures.get(next);
    if (failure === undefined || !(await backoff.wait(failure, signal))) throw explainAttempts(what, attemptsOf(order, failures));
  }
}

/** Do `work` at the origin, again after failures that may pass. @throws {RegistryError} */
export async function pushTo<T>(
  hosts: Hosts,
  reference: Reference,
  what: string,
  work: (endpoint: Endpoint) => Promise<T>,
  signal: AbortSignal,
): Promise<T> {
  const endpoint = originEndpoint(reference);
  const backoff = new Backoff(hosts.tuning);
  for (;;) {
    try {
      return await work(endpoint);
    } catch (thrown) {
      const failure = hostFailure(thrown, signal);
      if (!(await backoff.wait(failure, signal))) throw explainAttempts(what, [{ place: endpointName(endpoint), failure }]);
    }
  }
}

/** Failures of a host pass; anything else (a cancelled build, a broken store, our own mistake) leaves as it is. */
export function hostFailure(thrown: unknown, signal: AbortSignal): HostFailure {
  signal.throwIfAborted();
  if (thrown instanceof HostFailure) return thrown;
  throw thrown;
}

function pullEndpoints(hosts: Hosts, reference: Reference, repository: string): readonly Endpoint[] {
  const mirrors = (hosts.mirrors.get(reference.host) ?? []).map((mirror) => mirrorEndpoint(mirror, reference));
  const all = [...mirrors.filter((mirror) => !hosts.unreachable.has(endpointName(mirror))), originEndpoint(reference)];
  const name = hosts.preferred.get(repository);
  const first =
    name === undefined
      ? undefined
      : all.find((each) => endpointName(each) === endpointName(name) && each.repository === name.repository);
  return first === undefined ? all : [first, ...all.filter((each) => each !== first)];
}

/** In the order of configuration, the origin last: its refusal is what the error is about. */
function attemptsOf(order: readonly Endpoint[], failures: ReadonlyMap<Endpoint, HostFailure>): readonly Attempt[] {
  const sorted = [...order.filter(({ kind }) => kind === 'mirror'), ...order.filter(({ kind }) => kind === 'origin')];
  return sorted.flatMap((endpoint) => {
    const failure = failures.get(endpoint);
    return failure === undefined ? [] : [{ place: endpointName(endpoint), failure }];
  });
}
