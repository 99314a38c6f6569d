import { SlipwayError, type SourceSpan } from '../../base/index.ts';

/** Which rules speak, and whether what they say stops a build. */
export interface CheckSettings {
  readonly skip: ReadonlySet<string> | 'all';
  /** Experimental rules that are on. */
  readonly experimental: ReadonlySet<string> | 'all';
  readonly isError: boolean;
}

export const defaultSettings: CheckSettings = { skip: new Set(), experimental: new Set(), isError: false };

/**
 * Read `skip=RuleA,RuleB;error=true;experimental=all`, the value of `# check=` and of `BUILDKIT_DOCKERFILE_CHECK`.
 * Unknown rules are nobody's mistake: a newer version may know them.
 *
 * @throws {SlipwayError} `DF_BAD_CHECK`
 */
export function parseCheckSettings(text: string, at?: SourceSpan): CheckSettings {
  let settings = defaultSettings;
  for (const part of splitAtMost(text, ';', 3)) {
    const equals = part.indexOf('=');
    const key = (equals < 0 ? part : part.slice(0, equals)).trim();
    const value = part.slice(equals + 1).trim();
    if (equals >= 0 && key === 'skip') settings = { ...settings, skip: rulesOf(value) };
    else if (equals >= 0 && key === 'experimental') settings = { ...settings, experimental: rulesOf(value) };
    else if (equals >= 0 && key === 'error') settings = { ...settings, isError: truthOf(value, at) };
    else throw bad(`invalid check option ${JSON.stringify(equals < 0 ? part : key)}`, at);
  }
  return settings;
}

/** Settings from lists of names, as a configuration or a command line has them; `all` stands for every rule. */
export function settingsFrom(lists: {
  readonly skip?: readonly string[] | undefined;
  readonly experimental?: readonly string[] | undefined;
  readonly error?: boolean | undefined;
}): CheckSettings {
  const rulesIn = (names: readonly string[] = []): ReadonlySet<string> | 'all' =>
    names.includes('all') ? 'all' : new Set(names);
  return { skip: rulesIn(lists.skip), experimental: rulesIn(lists.experimental), isError: lists.error ?? false };
}

/** Both together: a rule that either skips is skipped. */
export function mergeSettings(a: CheckSettings, b: CheckSettings): CheckSettings {
  return {
    skip: union(a.skip, b.skip),
    experimental: union(a.experimental, b.experimental),
    isError: a.isError || b.isError,
  };
}

/**
 * The settings of a comment `check=skip=…` directly above an instruction, for that instruction only. The first such
 * comment counts; one that can't be read is a comment like any other.
 */
export function settingsOfComments(comments: readonly string[]): CheckSettings {
  const value = comments.map((comment) => /^check\s*=\s*(\S+)/i.exec(comment)?.[1]).find((found) => found !== undefined);
  if (value === undefined) return defaultSettings;
  try {
    return { ...parseCheckSettings(value), isError: false };
  } catch (error) {
    if (error instanceof SlipwayError) return defaultSettings;
    throw error;
  }
}

/** Does a rule of this name speak under these settings? */
export function isOn(rule: { readonly name: string; readonly isExperimental?: true }, settings: CheckSettings): boolean {
  return rule.isExperimental === true ? has(settings.experimental, rule.name) : !has(settings.skip, rule.name);
}

function has(rules: ReadonlySet<string> | 'all', name: string): boolean {
  return rules === 'all' || rules.has(name);
}

function union(a: ReadonlySet<string> | 'all', b: ReadonlySet<string> | 'all'): ReadonlySet<string> | 'all' {
  return a === 'all' || b === 'all' ? 'all' : new Set([...a, ...b]);
}

function rulesOf(value: string): ReadonlySet<string> | 'all' {
  return value === 'all' ? 'all' : new Set(value.split(',').map((name) => name.trim()));
}

function truthOf(value: string, at: SourceSpan | undefined): boolean {
  if (/^(?:1|t|T|true|TRUE|True)$/.test(value)) return true;
  if (/^(?:0|f|F|false|FALSE|False)$/.test(value)) return false;
  throw bad(`failed to parse check option ${JSON.stringify(`error=${value}`)}: it is neither true nor false`, at);
}

function bad(message: string, at: SourceSpan | undefined): SlipwayError {
  return new SlipwayError('DF_BAD_CHECK', `failed to parse check options: ${message}`, {
    at,
    hint: 'write `skip=RuleA,RuleB`, `error=true` or `experimental=all`, with `;` between them',
  });
}

/** At most `count` parts; the last one keeps its separators. */
function splitAtMost(text: string, separator: string, count: number): readonly string[] {
  const parts = text.split(separator);
  return parts.length <= count ? parts : [...parts.slice(0, count - 1), parts.slice(count - 1).join(separator)];
}
