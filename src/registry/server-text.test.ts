import { expect, test } from 'vitest';
import { parseErrorBody, publicUrl, serverText } from './server-text.ts';

const parse = (text: string, type = 'application/json', secrets: string[] = []): unknown =>
  parseErrorBody(Buffer.from(text), type, secrets);

test('REG-18 parseErrorBody() gives code and message', () => {
  expect(parse('{"errors":[{"code":"DENIED","message":"no"},{"code":"UNKNOWN"}]}')).toEqual({
    codes: ['DENIED', 'UNKNOWN'],
    text: 'DENIED: no; UNKNOWN',
  });
});

test.for(['null', '[]', '{"errors":5}', '{"errors":[null,3]}', '<html>', ''])('parseErrorBody() bears %s', (text) => {
  expect(parse(text)).toEqual({ codes: [], text: '' });
});

test('serverText() lets no terminal escape, secret or flood through', () => {
  expect(serverText('a\u001b[31mb\r\nc\u202ed')).toBe('a [31mb c d');
  expect(serverText('you sent geheim123', ['geheim123'])).toBe('you sent ***');
  expect(serverText('x'.repeat(10_000)).length).toBeLessThan(600);
});

test('publicUrl() shows neither user nor query', () => {
  expect(publicUrl(new URL('https://u:p@h:1/a?sig=1#f'))).toBe('https://h:1/a');
});
