// How changed lines are compared, and what functions hunks are in.
import { expect, test } from 'vitest';
import { parsePatch } from '../../../harness/kernel/patch/patch-text.ts';
import { compareChanges, isAlike } from '../../../harness/validate/patch/compare.ts';
import { changesOfPatches, functionAt, functionOf, keyOf } from '../../../harness/validate/patch/lines.ts';

const hunk = (body: string, section = '', file = 'arch/x86/kernel/tsc.c'): string => {
  const lines = body.split('\n');
  const count = (sign: string) => lines.filter((line) => !line.startsWith(sign)).length;
  return `--- a/${file}\n+++ b/${file}\n@@ -1,${count('+')} +1,${count('-')} @@ ${section}\n${body}\n`;
};
const changes = (...texts: string[]) =>
  changesOfPatches(texts.map((text, index) => ({ name: String(index), files: parsePatch(text) })));
const compare = (patch: string | string[], upstream: string) =>
  compareChanges(changes(...[patch].flat()), changes(upstream));

test('a comment is not code, wherever it stands; a pointer is', () => {
  const of = (text: string) => keyOf(text, 'a.c').key;
  expect(of('\tif (a)  /* why */ return  b; // so')).toBe('if(a)returnb;');
  expect(of(' * a line of a comment')).toBe('');
  expect(of('\t*p = hpet_readl(HPET_COUNTER);')).toBe('*p=hpet_readl(HPET_COUNTER);');
  expect(keyOf('\ta = 1; /* begins', 'a.c')).toEqual({ key: 'a=1;', open: true });
  expect(keyOf('ends */ b = 2;', 'a.c', true)).toEqual({ key: 'b=2;', open: false });
  expect(keyOf('* not C', 'notes.rst').key).toBe('*notC');
});

test('white space and comments do not count', () => {
  const upstream = hunk('-\tlimit = 50000;\n+\tlimit = tsc_khz >> 5;');
  const result = compare(
    hunk('-    limit=50000;\n+    /* as upstream */\n+    limit = tsc_khz>>5; /* kHz */'),
    upstream,
  );
  expect(result).toMatchObject({ complete: true, found: 2, of: 2, reverse: false });
});

test('a file is part of a line: the same flag set elsewhere is another change', () => {
  const line = '+\tsetup_force_cpu_cap(X86_FEATURE_TSC_KNOWN_FREQ);';
  const result = compare(hunk(line, '', 'arch/x86/kernel/kvmclock.c'), hunk(line, '', 'arch/x86/xen/time.c'));
  expect(isAlike(result)).toBe(false);
});

test('the capabilities of trees before 4.6 are in a file of another name', () => {
  const line = '+#define X86_FEATURE_TSC_KNOWN_FREQ (3*32+31)';
  const of = (name: string) => hunk(line, '', `arch/x86/include/asm/${name}.h`);
  expect(compare(of('cpufeature'), of('cpufeatures'))).toMatchObject({ complete: true, found: 1 });
  expect(compare(of('cpu'), of('cpufeatures'))).toMatchObject({ complete: false, found: 0 });
});

test('lines that change places are the same change whichever diff shows as the moved one', () => {
  const head = ' static void work(void)\n {';
  const up = hunk(`${head}\n+\tnow = ULLONG_MAX;\n-\tschedule(HZ);\n \tstart = read();\n+\tschedule(HZ);`);
  const down = hunk(
    `${head}\n+\tnow = ULLONG_MAX;\n+\tstart = read();\n \tschedule(HZ);\n-\tstart = read();`,
  );
  expect(compare(down, up)).toMatchObject({ complete: true, found: 1, of: 1 });
  // Left where it was, it is missing.
  const still = hunk(`${head}\n+\tnow = ULLONG_MAX;\n \tschedule(HZ);\n \tstart = read();`);
  const result = compare(still, up);
  expect(result.complete).toBe(false);
  expect(result.hunks[0]).toMatchObject({
    state: 'partly',
    missing: ['-\tschedule(HZ);', '+\tschedule(HZ);'],
  });
});

test('a series counts together: what one patch adds and the next changes is the change that is left', () => {
  const first = hunk('-\tlimit = 50000;\n+\tlimit = 60000;');
  const second = hunk('-\tlimit = 60000;\n+\tlimit = tsc_khz >> 5;');
  expect(compare([first, second], hunk('-\tlimit = 50000;\n+\tlimit = tsc_khz >> 5;'))).toMatchObject({
    complete: true,
  });
});

test('brackets and bare returns say nothing', () => {
  const upstream = hunk('+\tif (a) {\n+\t\tb();\n+\t\treturn 0;\n+\t}');
  const result = compare(hunk('+\tif (x) {\n+\t\ty();\n+\t\treturn 0;\n+\t}'), upstream);
  expect(result).toMatchObject({ found: 0, of: 2 });
  expect(isAlike(result)).toBe(false);
});

test('the other way round', () => {
  const upstream = hunk('-\tlimit = 50000;\n+\tlimit = tsc_khz >> 5;');
  expect(compare(hunk('-\tlimit = tsc_khz >> 5;\n+\tlimit = 50000;'), upstream)).toMatchObject({
    reverse: true,
    complete: true,
  });
});

const nameOf = (body: string, section = '') => {
  const [file] = parsePatch(hunk(body, section));
  const [only] = file?.hunks ?? [];
  return only === undefined ? undefined : functionOf(only);
};

test('the function of a hunk is that of its first change, not the one before it', () => {
  expect(nameOf(' \tint i;\n+\ti = 1;', 'static u64 tsc_read_refs(u64 *p, int hpet)')).toBe('tsc_read_refs');
  expect(nameOf(' }\n \n static u64 later(void)\n {\n+\tint i;', 'static int earlier(void)')).toBe('later');
  expect(
    nameOf(' __setup("tsc=", tsc_setup);\n \n-#define A 1\n+#define A 2', 'static int tsc_setup(char *s)'),
  ).toBeNull();
  expect(nameOf(' }\n \n+static void __init fresh(void)\n+{\n+}', 'static int earlier(void)')).toBe('fresh');
  expect(nameOf(' \t.rating = 400,\n+\t.flags = 0,', 'struct clocksource kvm_clock = {')).toBe('kvm_clock');
  expect(nameOf(' \ta();\n+\tb();', 'restart:')).toBeNull();
});

test('the function of a line of a file', () => {
  const text = 'int a;\n\nstatic int one(void)\n{\nout:\n\treturn 1;\n}\n\n#define TWO 2\n';
  expect(functionAt(text, 6)).toBe('one');
  expect(functionAt(text, 9)).toBeNull();
  expect(functionAt(text, 1)).toBeNull();
});
