/** Flags of `slipway check`. */
export const checkFlags = {
  format: { kind: 'string', value: 'FORMAT', about: 'text (default), json, sarif or github' },
  fix: { kind: 'bool', about: 'repair what can be repaired beyond doubt, and show the changes' },
  'dry-run': { kind: 'bool', about: 'with --fix: show the changes, write nothing' },
  skip: { kind: 'list', value: 'RULE', about: 'leave a rule out, or several with commas; `all` leaves out every one' },
  experimental: { kind: 'list', value: 'RULE', about: 'ask an experimental rule; `all` asks every one' },
  'check-error': { kind: 'bool', about: 'call findings an error, as `# check=error=true` does' },
  target: { kind: 'string', value: 'STAGE', about: 'look only at what this stage needs, where a rule is about what is built' },
  'build-arg': { kind: 'list', value: 'NAME[=VALUE]', about: 'value for an ARG; without VALUE, that of the variable NAME' },
  platform: { kind: 'string', value: 'OS/ARCH', about: 'platform of the image' },
} as const;
