type Release = () => void | Promise<void>;

/**
 * Releases what was acquired, in reverse order, also when a release fails.
 * Node 20 has no `AsyncDisposableStack`; this is the part of it we need.
 */
export class Scope implements AsyncDisposable {
  #releases: Release[] = [];

  /** Take ownership of `resource`; it is disposed when the scope is left. */
  use<T extends AsyncDisposable | Disposable>(resource: T): T {
    this.defer(() => (Symbol.asyncDispose in resource ? resource[Symbol.asyncDispose]() : resource[Symbol.dispose]()) as void);
    return resource;
  }

  /** Run `release` when the scope is left. */
  defer(release: Release): void {
    this.#releases.push(release);
  }

  /** Hand everything held so far to the caller, who must dispose of it. */
  move(): Scope {
    const moved = new Scope();
    moved.#releases = this.#releases;
    this.#releases = [];
    return moved;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const failures: unknown[] = [];
    for (let release = this.#releases.pop(); release !== undefined; release = this.#releases.pop()) {
      try {
        await release();
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length === 1) throw failures[0];
    if (failures.length > 1) throw new AggregateError(failures, 'several releases failed');
  }
}
