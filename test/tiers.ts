/** The tiers of the tests. The name of a file decides its tier, and here alone. */

export interface Tier {
  /** What a test of it may use. */
  readonly needs: string;
  /** Globs of its files. */
  readonly include: readonly string[];
  readonly exclude: readonly string[];
}

const named = (tier: string) => ({ include: [`test/**/*.${tier}.test.ts`], exclude: [] });

/** `x.test.ts` is a unit test, `x.cli.test.ts` is of the tier cli, and so on: docs/tests.md. */
export const TIERS = {
  unit: {
    needs: 'Node and node_modules: it starts no program but Node and /bin/sh',
    include: ['test/**/*.test.ts'],
    exclude: ['test/**/*.*.test.ts'],
  },
  long: {
    needs:
      'what unit tests need, and seconds of CPU time each: hostile input, simulations, several processes',
    ...named('long'),
  },
  cli: { needs: 'Debian packages: the command itself, compilers, git, an sshd', ...named('cli') },
  guest: { needs: 'QEMU, kernels and the pinned QEMU: boots and builds', ...named('guest') },
  browser: { needs: 'chromium', ...named('browser') },
} as const satisfies Readonly<Record<string, Tier>>;

export type TierName = keyof typeof TIERS;

/** The tier that a file name asks for; null if there is none of that name. */
export function tierOf(file: string): TierName | null {
  const name = /(?:^|\/)[^./]+(?:\.([^/]+))?\.test\.ts$/.exec(file);
  if (name === null) return null;
  const tier = name[1] ?? 'unit';
  return Object.hasOwn(TIERS, tier) ? (tier as TierName) : null;
}

/** Minutes each. They start first, so that no worker is left with one of them at the end. */
export const SLOW_FIRST = [
  'test/bisect/linux.guest.test.ts',
  'test/run/killed.guest.test.ts',
  'test/validate/seed.guest.test.ts',
  'test/run/dump.guest.test.ts',
  'test/sweep/real.guest.test.ts',
  'test/workflows/steps.guest.test.ts',
  'test/cli/package.guest.test.ts',
];
const START: readonly TierName[] = ['guest', 'browser', 'cli', 'long', 'unit'];

/** When a file starts: the slow ones, then tier by tier. A fresh checkout has no durations to go by. */
export function startRank(file: string): number {
  const slow = SLOW_FIRST.indexOf(file);
  const tier = tierOf(file);
  return slow >= 0 ? slow : SLOW_FIRST.length + (tier === null ? 0 : START.indexOf(tier));
}
