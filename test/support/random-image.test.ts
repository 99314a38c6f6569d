import { expect, test } from 'vitest';
import { randomImage, withoutLine } from './random-image.ts';

test('randomImage() gives the same build for a seed, and another for the next', () => {
  expect(randomImage(7)).toEqual(randomImage(7));
  expect(randomImage(7)).not.toEqual(randomImage(8));
});

test('randomImage() gives every instruction in some build', () => {
  const words = new Set<string>();
  for (let seed = 0; seed < 200; seed++) for (const each of randomImage(seed).dockerfile) words.add(each.split(' ', 1)[0] ?? '');
  expect([...words].sort()).toEqual(
    ['ADD', 'ARG', 'CMD', 'COPY', 'ENTRYPOINT', 'ENV', 'EXPOSE', 'FROM', 'HEALTHCHECK', 'LABEL', 'MAINTAINER', 'ONBUILD', 'RUN']
      .concat(['SHELL', 'STOPSIGNAL', 'USER', 'VOLUME', 'WORKDIR'])
      .sort(),
  );
});

test('withoutLine() leaves out the instruction that the line is in', () => {
  const image = { dockerfile: ['FROM a', 'RUN <<X\nb\nX', 'RUN c'], context: [] };
  for (const line of [2, 3, 4]) expect(withoutLine(image, line).dockerfile).toEqual(['FROM a', 'RUN c']);
  expect(withoutLine(image, 1).dockerfile).toEqual(['RUN <<X\nb\nX', 'RUN c']);
  expect(withoutLine(image, 5).dockerfile).toEqual(['FROM a', 'RUN <<X\nb\nX']);
});
