// --cell and --expect in the words of a matrix; what they come to can be typed again.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { UserError } from '../../harness/base/errors.ts';
import { cellText, expectationWords, readCellSpec } from '../../harness/lab/cell-spec.ts';
import { DEFAULT_GUEST } from '../../harness/matrix/settings.ts';
import { inScratch } from '../kernel/tools.ts';

const guestOf = async (text: string, ...expected: string[]) =>
  (await readCellSpec(text, expected)).cell.guest;

async function refusal(text: string, ...expected: string[]): Promise<string> {
  const error = await readCellSpec(text, expected).then(
    () => new Error('it was not refused'),
    (thrown: Error) => thrown,
  );
  if (!(error instanceof UserError)) throw error;
  return `${error.message} (${error.hint ?? ''})`;
}

test('settings as in a matrix; commas within a value stay there', async () => {
  expect(await guestOf('')).toEqual(DEFAULT_GUEST);
  expect(await guestOf('hpet=off,smp=2,clock=real,memory=1G')).toMatchObject({
    hpet: false,
    smp: 2,
    memoryMiB: 1024,
  });
  expect(await guestOf('cpu=max,+invtsc,hpet=off')).toMatchObject({ cpu: 'max,+invtsc', hpet: false });
  expect(await guestOf('append=notsc tsc=reliable')).toMatchObject({ append: 'notsc tsc=reliable' });
  expect(await guestOf('topology=nested,ref-delay=10us')).toMatchObject({
    topology: 'nested',
    refDelay: { pmNs: 10_000, hpetNs: 10_000 },
  });
});

test('expectations as in a matrix, singly or as a map', async () => {
  const of = async (...words: string[]) => (await readCellSpec('', words)).cell.expectation;
  expect(await of()).toMatchObject({ registration: ['known-frequency', 'refined'] });
  expect(await of('registration=refined, unrefined', 'current=tsc')).toMatchObject({
    registration: ['refined', 'unrefined'],
    current: ['tsc'],
  });
  expect(await of('accuracy-ppm=50', 'must=a = b, c', 'must=/x$/', 'must-not=y')).toMatchObject({
    accuracyPpm: 50,
    messages: { must: ['a = b, c', '/x$/'], mustNot: ['y'] },
  });
  expect(await of('{ registration: never, messages: { must: text } }')).toMatchObject({
    registration: ['never'],
    messages: { must: ['text'] },
  });
});

test('a margin is a delay of every read at which tsc has to be registered still', async () => {
  const { cell } = await readCellSpec('topology=nested,hpet=off', ['margin=9us']);
  expect(cell.guest.refDelay).toMatchObject({ pmNs: 9000, hpetNs: 9000 });
  expect(cell.expectation.registration).toEqual(['known-frequency', 'refined']);
  expect(await refusal('topology=nested,ref-delay=1us', 'margin=9us')).toMatch(
    /margin= sets ref-delay itself/,
  );
  // A number is ns, and in a map it means the same.
  for (const word of ['margin=9000', 'margin = 9000ns', '{ margin: 9us, current: tsc }']) {
    expect((await readCellSpec('topology=nested,hpet=off', [word])).cell.guest).toEqual(cell.guest);
  }
  for (const time of ['', 'abc', '-5us', '-1', '[1]', '9us,every7+100us']) {
    expect(await refusal('topology=nested', `margin=${time}`), time).toMatch(/margin/);
  }
  expect(await refusal('hpet=off', 'margin=9us')).toMatch(/margin= needs a guest .*topology=nested/s);
});

const MATRIX = `
version: 1
kernels:
  stock:
    source: { git: linux, ref: main }
    patches: [fix.patch]
    config: { set: { CONFIG_HZ_1000: y } }
  ready: { image: bzImage }
axes: { hpet: [on, off] }
expect:
  - { registration: refined, accuracy-ppm: 50 }
  - { when: { hpet: on, kernel: ready }, registration: never }
`;

test('a cell of a matrix brings its guest, its expectation and how its kernel is built', async () => {
  await inScratch(async (folder) => {
    const path = join(folder, 'own.yaml');
    await writeFile(path, MATRIX);
    const { cell, recipe } = await readCellSpec(`${path}#stock.tcg.deterministic.hpet=off`, []);
    expect(cell).toMatchObject({
      kernel: 'subject',
      guest: { hpet: false },
      expectation: { registration: ['refined'], accuracyPpm: 50 },
    });
    expect(recipe).toMatchObject({
      patches: [join(folder, 'fix.patch')],
      config: { set: { CONFIG_HZ_1000: 'y' } },
    });
    expect(recipe).not.toHaveProperty('tree');
    expect((await readCellSpec(`${path}#ready.tcg.deterministic`, [])).recipe).toBeNull();
    // Without the kernel where all kernels are expected to do the same.
    expect((await readCellSpec(`${path}#tcg.deterministic.hpet=off`, [])).cell.guest.hpet).toBe(false);
    expect(await refusal(`${path}#tcg.deterministic`)).toMatch(/different things for different kernels/);
    expect(await refusal(`${path}#stock.tcg.deterministik`)).toMatch(
      /did you mean stock\.tcg\.deterministic\?/,
    );
    expect(await refusal(`${path}#stock.tcg.deterministic`, 'current=tsc')).toMatch(
      /--expect does not go with/,
    );
  });
  await expect(readCellSpec('nowhere.yaml#cell', [])).rejects.toThrow(/no such file/);
});

test('what is wrong is named by its option', async () => {
  expect(await refusal('hpet=of')).toMatch(/^--cell: hpet: must be on or off/);
  expect(await refusal('hpett=off')).toMatch(/did you mean hpet\?/);
  expect(await refusal('hpet=on,hpet=off')).toMatch(/hpet is given twice/);
  expect(await refusal('hpet=off,clokc=real')).toMatch(/clokc is no setting.*did you mean clock\?/);
  expect(await refusal('topology=kvm')).toMatch(/^--cell: .*impossible/);
  expect(await refusal('', 'registration=refind')).toMatch(/^--expect: registration/);
  expect(await refusal('', 'refined')).toMatch(/not of the form NAME=VALUE/);
  expect(await refusal('', 'colour=red')).toMatch(/^--expect: .*unknown key "colour"/);
  expect(await refusal('', 'must=/(/')).toMatch(/^--expect: messages/);
});

test('a cell as text is the same cell again', async () => {
  const words = [
    'registration=refined,never',
    'current=tsc',
    'accuracy-ppm=12.5',
    'must=a=b',
    'must-not=/c,d/',
  ];
  for (const text of ['', 'hpet=off,smp=2,clock=real', 'cpu=qemu64,+invtsc,append=notsc x,memory=256']) {
    const { cell } = await readCellSpec(text, words);
    const again = await readCellSpec(cellText(cell.guest), expectationWords(cell.expectation));
    expect(again.cell.guest).toEqual(cell.guest);
    expect({ ...again.cell.expectation, from: [] }).toEqual({ ...cell.expectation, from: [] });
    expect(again.cell.id).toBe(cell.id);
  }
});
