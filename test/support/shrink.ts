/**
 * Leave out of `items` what isn't needed for `holds` to stay true: halves first, single ones at the end.
 * `holds(items)` is known to be true.
 */
export async function shrink<T>(items: readonly T[], holds: (fewer: readonly T[]) => Promise<boolean>): Promise<readonly T[]> {
  let kept = items;
  for (let size = Math.ceil(kept.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let at = 0; at < kept.length; ) {
      const fewer = [...kept.slice(0, at), ...kept.slice(at + size)];
      if (await holds(fewer)) kept = fewer;
      else at += size;
    }
  }
  return kept;
}
