import { defineConfig } from 'vitest/config';

const config: ReturnType<typeof defineConfig> = defineConfig({
  // `await using` is syntax Node 20 lacks.
  oxc: { target: 'node20' },
  test: {
    // Retries are for machines that do much else meanwhile. What passes only when tried again is named at the end.
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['src/**/*.test.ts', 'test/**/*.test.ts'],
          exclude: ['test/kernel/**', 'test/peers/**'],
          // Milliseconds on an idle machine; a busy one may take its time.
          testTimeout: 60_000,
          retry: 1,
        },
      },
      {
        extends: true,
        test: {
          name: 'kernel',
          include: ['test/kernel/**/*.test.ts'],
          pool: 'forks',
          maxWorkers: 2,
          testTimeout: 120_000,
          hookTimeout: 180_000,
          retry: 2,
        },
      },
      {
        extends: true,
        test: {
          name: 'peers',
          include: ['test/peers/**/*.test.ts'],
          pool: 'forks',
          maxWorkers: 1,
          // Two builders compile the standard library of Go.
          testTimeout: 1_800_000,
          hookTimeout: 300_000,
        },
      },
    ],
  },
});

export default config;
