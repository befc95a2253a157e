/** How the words of options and arguments are written: for help, and for the manual page. */
import type { AnyCommand } from './command.ts';

interface Form {
  readonly title: string;
  /** A line each. */
  readonly lines: readonly string[];
  /** Whether a command takes it. */
  readonly isOf: (command: AnyCommand) => boolean;
}

const hasOption =
  (...keys: readonly string[]) =>
  ({ options }: AnyCommand): boolean =>
    keys.some((key) => Object.hasOwn(options, key));
const hasWord =
  (word: RegExp) =>
  ({ usage }: AnyCommand): boolean =>
    word.test(usage);

export const FORMS: readonly Form[] = [
  {
    title: 'MATRIX',
    lines: [
      'my.yaml             a file ("tscmatrix init" writes one)',
      'builtin:quick       one that comes along; also builtin:seed, builtin:nightly, builtin:validate',
    ],
    isOf: (command) => hasWord(/matrix/)(command) || hasOption('cell', 'base', 'kernels')(command),
  },
  {
    title: 'RUN',
    lines: [
      'latest              the newest run of --results',
      '20261130-18         a run by its name, or by the beginning of it',
      'results/2026...     the path of its folder',
    ],
    isOf: (command) => hasWord(/run\]|<run>|runs/)(command) || command.options.resume?.takes === '<run>',
  },
  {
    title: '--filter',
    lines: [
      'hpet=off            cells with this value; the axis is a setting, an axis of the file, kernel or cell',
      "'kernel=debian-*,my' any of several values, which may be globs",
      "'smp!=1'             cells without it",
      'Several filters must all hold.',
    ],
    isOf: hasOption('filter'),
  },
  {
    title: '--cell',
    lines: [
      'hpet=off,smp=2      settings as in a matrix; what is not named has its default',
      'my.yaml#CELL        guest and expectation of a cell, by its id in "tscmatrix plan my.yaml"',
    ],
    isOf: hasOption('cell'),
  },
  {
    title: '--expect',
    lines: [
      'registration=refined,known-frequency',
      'current=tsc',
      'accuracy-ppm=50     or {min: 100}: the error of the frequency',
      'reads={max: 90}     of PM timer and HPET, counted from outside',
      "must=TEXT           in the kernel's log; must-not=/REGEX/",
      'margin=9us          still registered if each read takes that much longer',
    ],
    isOf: hasOption('expect'),
  },
  {
    title: '--ref-delay',
    lines: [
      '10us                added to each read of PM timer and HPET',
      'pm10us,hpet5us      each its own',
      'pm10us,every7+100us with 100 us more for every seventh read',
      'random0.01+1ms      ... for each read with that probability',
    ],
    isOf: hasOption('refDelay'),
  },
];

/** The forms that a command's options and words take, and its examples: what its help ends with. */
export function moreHelp(command: AnyCommand): string {
  const examples = (command.examples ?? []).map((line) => `  tscmatrix ${line}`);
  const forms = FORMS.filter(({ isOf }) => isOf(command)).map(({ title, lines }) =>
    [`${title}:`, ...lines.map((line) => `  ${line}`)].join('\n'),
  );
  return ['', ...forms, ...(examples.length === 0 ? [] : [['Examples:', ...examples].join('\n')])]
    .join('\n\n')
    .slice(1);
}
