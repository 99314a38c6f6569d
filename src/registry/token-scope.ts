/** `repository:<path>:pull`, or with `push`. */
export function repositoryScope(repository: string, access: 'pull' | 'push'): string {
  return `repository:${repository}:${access === 'push' ? 'pull,push' : 'pull'}`;
}

/** One scope per resource, actions united, all sorted: equal wishes give equal text. */
export function mergeScopes(scopes: Iterable<string>): readonly string[] {
  const actions = new Map<string, Set<string>>();
  for (const scope of scopes) {
    const [resource, list] = splitScope(scope);
    const known = actions.get(resource) ?? new Set();
    for (const action of list) known.add(action);
    actions.set(resource, known);
  }
  return [...actions].map(([resource, set]) => (set.size === 0 ? resource : `${resource}:${[...set].sort().join(',')}`)).sort();
}

/** Does a token for `have` do for `want`? */
export function coversScopes(have: readonly string[], want: readonly string[]): boolean {
  const granted = new Map(have.map(splitScope));
  return want.every((scope) => {
    const [resource, actions] = splitScope(scope);
    const known = granted.get(resource);
    return known !== undefined && actions.every((action) => known.includes(action));
  });
}

/** Resource and actions. A repository may itself hold a colon (`host:port/…`), and some registries use scopes of their own shape. */
function splitScope(scope: string): readonly [string, readonly string[]] {
  const first = scope.indexOf(':');
  const last = scope.lastIndexOf(':');
  if (first < 0 || first === last) return [scope, []];
  return [
    scope.slice(0, last),
    scope
      .slice(last + 1)
      .split(',')
      .filter((action) => action !== ''),
  ];
}
