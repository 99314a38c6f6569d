import { pageOf, type Problem, type Rule } from './rule.ts';

const secret = /(?:_|^)(?:apikey|auth|credential|credentials|key|password|pword|passwd|secret|token)(?:_|$)/i;
const allowed = /(?:_|^)(?:public|file|version)(?:_|$)/i;

/** Does a variable of this name hold something nobody else should see? */
export function isSecretName(name: string): boolean {
  return secret.test(name) && !allowed.test(name);
}

export const secretsUsedInArgOrEnv: Rule = {
  name: 'SecretsUsedInArgOrEnv',
  phase: 'dispatch',
  description: 'Sensitive data should not be used in the ARG or ENV commands',
  url: pageOf('SecretsUsedInArgOrEnv'),
  *find({ runs }): Generator<Problem> {
    for (const step of runs.flatMap(({ steps }) => steps)) {
      const { instruction, on, expanded } = step;
      if (instruction.kind !== 'arg' && instruction.kind !== 'env') continue;
      const keys =
        instruction.kind === 'arg' ? instruction.declarations.map(({ name }) => name) : instruction.pairs.map(({ key }) => key);
      for (const key of keys) {
        const name = instruction.kind === 'arg' ? key.text : (expanded.get(key) ?? key.text);
        if (!isSecretName(name)) continue;
        const message = `Do not use ARG or ENV instructions for sensitive data (${instruction.kind.toUpperCase()} "${name}")`;
        yield {
          message,
          at: key.span,
          on,
          when: { step },
          hint: 'give it to the RUN that needs it: `RUN --mount=type=secret,id=…`',
        };
      }
    }
  },
};
