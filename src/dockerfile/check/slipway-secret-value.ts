import { ownPage } from './own-page.ts';
import type { Problem, Rule } from './rule.ts';
import type { Instruction, Word } from '../instruction.ts';
import { isSecretName } from './secrets-used-in-arg-or-env.ts';

/** Forms that providers gave their keys so that they can be recognised. */
const shapes: readonly (readonly [what: string, shape: RegExp])[] = [
  ['an AWS access key', /\b(?:AKIA|ASIA)[0-9A-Z]{16}\b/],
  ['a GitHub token', /\b(?:gh[pousr]_[A-Za-z0-9]{36,}|github_pat_\w{22,})\b/],
  ['a GitLab token', /\bglpat-[\w-]{20,}/],
  ['an npm token', /\bnpm_[A-Za-z0-9]{36}\b/],
  ['a Slack token', /\bxox[abprs]-[A-Za-z0-9-]{10,}/],
  ['a Google API key', /\bAIza[\w-]{35}\b/],
  ['a private key', /-----BEGIN [A-Z ]*PRIVATE KEY-----/],
  ['a password in a URL', /\b[a-z][a-z0-9+.-]*:\/\/[^\s/:@$]+:[^\s/@$]+@/i],
];

const camelCase = /[a-z](?:Password|Passwd|Secret|Token|ApiKey|PrivateKey)$|(?:^|_)passphrase(?:_|$)/;

export const slipwaySecretValue: Rule = {
  name: 'SlipwaySecretValue',
  phase: 'graph',
  description: 'A secret written into ARG or ENV can be read by everybody who has the image or its history',
  url: ownPage('SlipwaySecretValue'),
  isOwn: true,
  *find({ file }): Generator<Problem> {
    const hint = 'give it to the RUN that needs it: `RUN --mount=type=secret,id=…`; and replace it, it has been published';
    for (const instruction of file.instructions) {
      for (const { key, value } of pairsOf(instruction)) {
        const what = shapes.find(([, shape]) => shape.test(value.text))?.[0];
        const name = `${instruction.kind.toUpperCase()} "${key.text}"`;
        if (what !== undefined) yield { message: `The value of ${name} looks like ${what}`, at: key.span, on: instruction, hint };
        else if (camelCase.test(key.text) && !isSecretName(key.text) && isLiteral(value.text))
          yield { message: `${name} looks like a secret`, at: key.span, on: instruction, hint };
      }
    }
  },
};

function pairsOf(instruction: Instruction): readonly { readonly key: Word; readonly value: Word }[] {
  if (instruction.kind === 'env') return instruction.pairs;
  if (instruction.kind !== 'arg') return [];
  return instruction.declarations.flatMap(({ name, value }) => (value === undefined ? [] : [{ key: name, value }]));
}

/** A value that is there, and is not taken from elsewhere. */
function isLiteral(value: string): boolean {
  return value.replaceAll(/["']/g, '') !== '' && !value.includes('$');
}
