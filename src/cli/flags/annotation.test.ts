import { expect, test } from 'vitest';
import { parseAnnotations } from './annotation.ts';

test('parseAnnotations() reads levels, platforms, keys and values', () => {
  expect(parseAnnotations(['a=1=2', '', 'manifest,manifest-descriptor[linux/arm64]:org.x.y=', 'index:k:l=v'])).toEqual([
    { level: 'manifest', key: 'a', value: '1=2' },
    { level: 'manifest', key: 'org.x.y', value: '' },
    { level: 'manifest-descriptor', platform: 'linux/arm64', key: 'org.x.y', value: '' },
    { level: 'index', key: 'k:l', value: 'v' },
  ]);
});

test.for<[string, string]>([
  ['key', 'invalid annotation "key", expected key=value'],
  ['manifests:k=v', 'unknown annotation type "manifests"'],
  [
    'manifest[linux amd64]:k=v',
    'invalid annotation type "manifest[linux amd64]", expected type and optional platform in square brackets',
  ],
])('parseAnnotations() refuses %s', ([value, message]) => {
  expect(() => parseAnnotations([value])).toThrow(expect.objectContaining({ code: 'CLI_BAD_FLAG_VALUE', message }));
});
