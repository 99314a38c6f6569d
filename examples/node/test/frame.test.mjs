import assert from 'node:assert/strict';
import { test } from 'node:test';
import { wrap } from 'wrap';
import { frame } from '../src/frame.mjs';

test('wrap() breaks at blanks', () => assert.deepEqual(wrap('one two three', 7), ['one two', 'three']));
test('wrap() leaves a long word alone', () => assert.deepEqual(wrap('a verylongword b', 4), ['a', 'verylongword', 'b']));
test('frame() is as wide as its longest line', () => assert.equal(frame('hi you', 3), '+-----+\n| hi  |\n| you |\n+-----+'));
