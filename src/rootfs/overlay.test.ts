import { expect, test } from 'vitest';
import { hostPath } from '../base/index.ts';
import { mountOverlay } from './overlay.ts';

test('mountOverlay() refuses more layers than overlayfs stacks, and says how many there are', () => {
  const lowers = Array.from({ length: 501 }, (_, index) => hostPath(`/nowhere/${index}`));
  const [upper, work, target] = ['/nowhere/u', '/nowhere/w', '/nowhere/m'].map(hostPath) as [never, never, never];
  expect(() => mountOverlay({ lowers, upper, work, target })).toThrow(
    expect.objectContaining({
      code: 'ROOTFS_TOO_MANY_LAYERS',
      message: expect.stringMatching(/500 layers at most.* 501$/) as string,
    }),
  );
});
