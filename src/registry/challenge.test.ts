import { expect, test } from 'vitest';
import { chooseDemand, parseChallenges } from './challenge.ts';

const rows: readonly {
  name: string;
  headers: readonly string[];
  want: readonly (readonly [string, Record<string, string>])[];
}[] = [
  {
    name: 'one Bearer',
    headers: ['Bearer realm="https://a/t",service="s"'],
    want: [['bearer', { realm: 'https://a/t', service: 's' }]],
  },
  {
    name: 'a comma inside quotes',
    headers: ['Bearer scope="repository:a:pull,push"'],
    want: [['bearer', { scope: 'repository:a:pull,push' }]],
  },
  {
    name: 'two in one header',
    headers: ['Basic realm="x", Bearer realm=y'],
    want: [
      ['basic', { realm: 'x' }],
      ['bearer', { realm: 'y' }],
    ],
  },
  {
    name: 'two headers',
    headers: ['Basic', 'Bearer realm=y'],
    want: [
      ['basic', {}],
      ['bearer', { realm: 'y' }],
    ],
  },
  {
    name: 'names in any case, blanks',
    headers: ['BEARER  Realm = "y" , ERROR="e"'],
    want: [['bearer', { realm: 'y', error: 'e' }]],
  },
  { name: 'an escaped quote', headers: ['Basic realm="a\\"b"'], want: [['basic', { realm: 'a"b' }]] },
  { name: 'garbage', headers: ['=,=', '"', ''], want: [] },
];

test.for(rows)('parseChallenges() reads $name', ({ headers, want }) => {
  const got = parseChallenges(headers).map(({ scheme, params }) => [scheme, Object.fromEntries(params)]);
  expect(got).toEqual(want);
});

test('chooseDemand() prefers Bearer to Basic, wherever it stands', () => {
  const demand = chooseDemand(parseChallenges(['Basic realm="x"', 'Bearer realm="https://a/t",scope="b a"']));
  expect(demand).toMatchObject({ kind: 'bearer', scopes: ['b', 'a'] });
});

test.for(['not a url', 'ftp://a/t', 'https://user:pw@a/t'])('chooseDemand() falls back to Basic for the realm %s', (realm) => {
  expect(chooseDemand(parseChallenges([`Bearer realm="${realm}"`, 'Basic realm="x"']))).toEqual({ kind: 'basic' });
});
