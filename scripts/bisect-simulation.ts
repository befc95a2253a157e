// Prints the table of docs/bisect.md: the search against an oracle that is wrong at a known rate. Takes a minute.
import {
  type Row,
  randomFrom,
  type SimulatedSearch,
  simulateFixed,
  simulateSearch,
  tabulate,
} from '../test/support/simulate.ts';

const TRIALS = 1000;
const COMMITS = 256;
const SEED = 20261123;

function trials(work: (random: () => number) => SimulatedSearch): SimulatedSearch[] {
  const random = randomFrom(SEED);
  return Array.from({ length: TRIALS }, () => work(random));
}

/** The least odd number of repeats with which plain bisection is right as often. */
function fixedAs(wrong: number, right: number): Row {
  for (let repeats = 1; ; repeats += 2) {
    const row = tabulate(
      repeats === 1 ? 'each step once' : `each step ${repeats} times`,
      trials((random) => simulateFixed(COMMITS, wrong, repeats, random)),
    );
    if (row.right >= right || repeats > 60) return row;
  }
}

const lines = ['| wrong answers | method | right | boots, mean | boots of 95 % |', '|---|---|---|---|---|'];
const add = (wrong: number, row: Row): void =>
  void lines.push(
    `| ${wrong * 100} % | ${row.method} | ${row.right} of ${row.trials} | ${row.meanBoots.toFixed(1)} | ${row.p95Boots} |`,
  );
for (const wrong of [0.2, 0.1, 0.05, 0]) {
  for (const confidence of wrong === 0.2 ? [0.99, 0.995, 0.999] : [0.995]) {
    const row = tabulate(
      `search, confidence ${confidence}`,
      trials((random) => simulateSearch(COMMITS, wrong, confidence, random)),
    );
    add(wrong, row);
    if (confidence === 0.995) add(wrong, fixedAs(wrong, row.right));
  }
}
process.stdout.write(`${lines.join('\n')}\n`);
