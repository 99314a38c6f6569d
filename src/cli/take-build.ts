/**
 * Take `[BUILD] [STEP…]` apart. What names a build looks like nothing else: `^1`, or the beginning of an id, which a zero begins and which is
 * four characters or longer. All that follows is the step, so that nobody has to quote it.
 */
export function takeBuild(words: readonly string[]): { readonly ref: { ref?: string }; readonly step: { step?: string } } {
  const [first, ...rest] = words;
  const isBuild = first !== undefined && /^(?:\^\d+|0[0-9a-z]{3,})$/.test(first);
  const step = (isBuild ? rest : words).join(' ');
  return { ref: isBuild ? { ref: first } : {}, step: step === '' ? {} : { step } };
}
