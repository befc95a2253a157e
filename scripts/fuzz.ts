/**
 * npm run fuzz: inputs for every parser of text from elsewhere until it is stopped, or for --seconds N or --inputs N in all.
 * Names of targets after that keep it to them. Ends with 1 at the first failure, which it prints with its seed.
 */
import { parseArgs } from 'node:util';
import { fuzz } from '../test/fuzz/run.ts';
import { TARGETS } from '../test/fuzz/targets.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { seconds: { type: 'string' }, inputs: { type: 'string' }, seed: { type: 'string' } },
});
const BATCH = 2000;
const started = performance.now();
const seconds = Number(values.seconds ?? Number.POSITIVE_INFINITY);
const wanted = Number(values.inputs ?? Number.POSITIVE_INFINITY);
const targets = TARGETS.filter(({ name }) => positionals.length === 0 || positionals.includes(name));
if (targets.length === 0 || Number.isNaN(seconds) || Number.isNaN(wanted)) {
  console.error(
    `npm run fuzz -- [--seconds N] [--inputs N] [--seed N] [${TARGETS.map(({ name }) => `"${name}"`).join(' ')}]`,
  );
  process.exit(2);
}

const figures = new Map(targets.map(({ name }) => [name, { inputs: 0, slowestS: 0 }]));
function tell(): void {
  const elapsed = ((performance.now() - started) / 1000).toFixed(0);
  const all = [...figures.values()].reduce((sum, { inputs }) => sum + inputs, 0);
  console.log(`${all} inputs in ${elapsed} s`);
  for (const [name, { inputs, slowestS }] of figures)
    console.log(
      `  ${name.padEnd(16)} ${String(inputs).padStart(10)} inputs, slowest ${slowestS.toFixed(3)} s of CPU time`,
    );
}

let all = 0;
let seed = Number(values.seed ?? Date.now() % 2 ** 31);
let told = 0;
while (all < wanted && performance.now() - started < seconds * 1000) {
  for (const target of targets) {
    const { inputs, slowestS, failure } = await fuzz(target, seed, BATCH);
    const figure = figures.get(target.name);
    if (figure !== undefined) {
      figure.inputs += inputs;
      figure.slowestS = Math.max(figure.slowestS, slowestS);
    }
    all += inputs;
    if (failure !== null) {
      console.error(`${target.name} fails: ${failure}`);
      tell();
      process.exit(1);
    }
  }
  seed++;
  if (all - told >= 200_000) {
    told = all;
    tell();
  }
}
tell();
