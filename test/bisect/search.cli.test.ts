// Searches over commits of a tree of a few lines, really built: what is skipped, reused, resumed, and left alone.
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { describeCulprit } from '../../harness/bisect/culprit.ts';
import { readJournal } from '../../harness/bisect/journal.ts';
import type { SearchOptions } from '../../harness/bisect/prepare.ts';
import { reportOf } from '../../harness/bisect/report.ts';
import { runSearch, startSearch } from '../../harness/bisect/run-search.ts';
import { scriptOf } from '../../harness/bisect/script.ts';
import type { Tester } from '../../harness/bisect/tester.ts';
import { endError, renderSearch } from '../../harness/bisect/write-report.ts';
import { openCache } from '../../harness/host/cache.ts';
import { runTool } from '../../harness/host/process.ts';
import { inScratch, startScript } from '../kernel/tools.ts';
import { git, writeProgram } from '../kernel-build/fake-tree.ts';
import {
  answer,
  MARKER,
  readingTester,
  SILENT,
  specOf,
  stateOfRepo,
  type TinyRepo,
  tinyRepo,
} from './tiny-repo.ts';

/** Runs work in a folder with a repository, a cache of its own, and a way to search in it. */
async function inRepo(
  work: (repo: TinyRepo, search: Search, folder: string) => Promise<void>,
): Promise<void> {
  await inScratch(async (folder) => {
    const cache = join(folder, 'cache');
    const before = process.env.TSCMATRIX_CACHE;
    process.env.TSCMATRIX_CACHE = cache;
    try {
      const repo = await tinyRepo(join(folder, 'repo'));
      let count = 0;
      const search: Search = async (words, tester = readingTester()) => {
        const place = join(folder, `search-${++count}`);
        await startSearch(place, await specOf({ repo: repo.path, ...words }, cache));
        return runSearch(place, { view: SILENT, qemu: '', tester });
      };
      await work(repo, search, folder);
    } finally {
      if (before === undefined) delete process.env.TSCMATRIX_CACHE;
      else process.env.TSCMATRIX_CACHE = before;
    }
  });
}

type Search = (words: Partial<SearchOptions>, tester?: Tester) => ReturnType<typeof runSearch>;

test('the first bad commit, with its change; git says the same, and the checkout is left alone', async () => {
  await inRepo(async (repo, search, folder) => {
    for (let count = 1; count <= 20; count++) {
      const content = count % 3 === 0 ? 'notes' : count >= 13 ? 'bad' : 'good';
      await repo.commit(count === 8 || count === 9 ? 'unbuildable' : content);
    }
    // Uncommitted changes and a bisect of the user's own.
    await writeFile(join(repo.path, 'one.c'), 'not C at all\n');
    git(repo.path, 'bisect', 'start');
    const before = await stateOfRepo(repo.path);
    const result = await search({ good: repo.ids[0] ?? '', bad: repo.ids[20] ?? '' });
    expect(result.end).toEqual({ kind: 'found', id: repo.ids[13], confidence: 1 });
    expect(result.gitSays).toBe(repo.ids[13]);
    expect(await stateOfRepo(repo.path)).toBe(before);

    // Each kernel is built once, and those of notes are the ones before them.
    const images = result.journal.entries.filter(({ type }) => type === 'image');
    expect(new Set(images.map((entry) => 'subject' in entry && entry.subject)).size).toBe(images.length);
    const log = await readFile(join(folder, 'search-1', 'bisect.log'), 'utf8');
    git(repo.path, 'bisect', 'reset');
    git(repo.path, 'checkout', '--quiet', '--force', 'main');
    await writeFile(join(folder, 'log'), log);
    git(repo.path, 'bisect', 'replay', join(folder, 'log'));
    expect(git(repo.path, 'bisect', 'log')).toContain(`first bad commit: [${repo.ids[13]}]`);
    git(repo.path, 'bisect', 'reset');

    const { subjects } = result.spec;
    if (subjects.kind !== 'commits') throw new Error('they are commits');
    const culprit = await describeCulprit(repo.ids[13] ?? '', subjects, await openCache());
    expect(culprit.diff).toContain('+const char marker[]');
    const report = reportOf(result, join(folder, 'search-1'), culprit);
    expect(report).toMatchObject({ end: 'found', confidence: 1, searched: { candidates: 20 } });
    expect(report.builds).toBeLessThanOrEqual(Math.ceil(Math.log2(20)) + 2);
    const text = renderSearch(report, 'again.sh');
    expect(text).toContain('is the first bad commit');
    expect(text).toContain('+const char marker[]');
  });
});

test('the first fixed commit, over a merge, by first parents and by paths', async () => {
  await inRepo(async (repo, search, folder) => {
    await repo.commit('bad');
    const fork = await repo.commit('bad');
    git(repo.path, 'checkout', '--quiet', '-b', 'side');
    await repo.commit('notes');
    const fix = await repo.commit('good');
    git(repo.path, 'checkout', '--quiet', 'main');
    git(repo.path, 'commit', '--quiet', '--allow-empty', '-m', 'nothing');
    git(repo.path, 'merge', '--quiet', '--no-ff', '-m', 'merge side', 'side');
    const merge = git(repo.path, 'rev-parse', 'HEAD');
    await repo.commit('notes');
    const ends = { old: fork, new: git(repo.path, 'rev-parse', 'HEAD') };
    expect((await search(ends)).end).toMatchObject({ kind: 'found', id: fix });
    expect((await search({ ...ends, firstParent: true })).end).toMatchObject({ kind: 'found', id: merge });
    // The logs are git's own, with the words and the options that the searches were begun with.
    const clone = join(folder, 'clone');
    git(folder, 'clone', '--quiet', repo.path, clone);
    for (const [place, id] of [
      ['search-1', fix],
      ['search-2', merge],
    ] as const) {
      git(clone, 'bisect', 'replay', join(folder, place, 'bisect.log'));
      expect(git(clone, 'bisect', 'log')).toContain(`# first new commit: [${id}]`);
      const looked = git(join(folder, place, 'git'), 'bisect', 'visualize', '--format=%H');
      expect(looked.split('\n')).toContain(id);
    }
    const limited = await search({ ...ends, paths: ['two.c'] });
    expect(limited.end).toMatchObject({ kind: 'found', id: fix });
    expect(limited.subjects.search.history.ids).toHaveLength(1);
    // What made the difference is not in these files, and that is said.
    expect((await search({ ...ends, paths: ['notes.txt'] })).end.kind).not.toBe('found');
  });
});

test('a commit whose tree was judged before is neither built nor booted', async () => {
  await inRepo(async (repo, search) => {
    for (let count = 1; count <= 16; count++) await repo.commit(count >= 10 ? 'bad' : 'good');
    const booted: string[] = [];
    const tester = readingTester((path) => void booted.push(path));
    const first = await search({ good: repo.ids[0] ?? '', bad: repo.ids[16] ?? '' }, tester);
    expect(first.state.builds).toBeGreaterThan(3);
    expect(booted.length).toBe(first.state.boots);
    // The images of the first search are in the cache.
    const second = await search({ good: repo.ids[0] ?? '', bad: repo.ids[16] ?? '' });
    expect(second.state.builds).toBe(0);
  });
});

test('commits that do not build around the answer: the range is the answer', async () => {
  await inRepo(async (repo, search) => {
    for (const content of ['good', 'good', 'unbuildable', 'unbuildable', 'bad', 'bad'] as const) {
      await repo.commit(content);
    }
    const { end } = await search({ good: repo.ids[1] ?? '', bad: repo.ids[6] ?? '' });
    expect(end).toEqual({ kind: 'set', ids: [repo.ids[3], repo.ids[4], repo.ids[5]] });
  });
});

test('a patch that old commits need is applied where it is not in yet', async () => {
  await inRepo(async (repo, search, folder) => {
    await repo.commit('good');
    const broken = await repo.commit('unbuildable');
    const text = await readFile(join(repo.path, 'two.c'), 'utf8');
    // Further commits leave two.c alone, until one mends it.
    await writeFile(join(repo.path, 'two.c'), text.replace(/^this is not C.*\n/m, ''));
    await writeFile(join(folder, 'mend.patch'), `${git(repo.path, 'diff')}\n`);
    await writeFile(join(repo.path, 'two.c'), text);
    const change = async (path: string, more: string): Promise<string> => {
      await writeFile(join(repo.path, path), `${await readFile(join(repo.path, path), 'utf8')}${more}`);
      git(repo.path, 'commit', '--quiet', '--all', '-m', path);
      return git(repo.path, 'rev-parse', 'HEAD');
    };
    await change('one.c', 'int three(void) { return 3; }\n');
    const bad = await change('one.c', `const char marker[] = "${MARKER}";\n`);
    git(repo.path, 'apply', join(folder, 'mend.patch'));
    const mended = await change('notes.txt', 'mended\n');
    const words = { good: broken, bad: mended };
    expect((await search(words)).end.kind).toBe('untestable-end');
    const patched = await search({ ...words, patch: [join(folder, 'mend.patch')] });
    expect(patched.end).toMatchObject({ kind: 'found', id: bad });
  });
});

test('wrong ends: what was seen is said', async () => {
  await inRepo(async (repo, search) => {
    for (const content of ['good', 'bad', 'bad'] as const) await repo.commit(content);
    const [root = '', good = '', bad = '', last = ''] = repo.ids;
    const messageOf = async (words: Partial<SearchOptions>) =>
      endError(await search(words))?.message ?? 'none';
    expect(await messageOf({ good, bad: last })).toBe('none');
    expect(await messageOf({ good: root, bad: good })).toMatch(/the bad end is not bad/);
    expect(await messageOf({ good: bad, bad: last })).toMatch(/the good end is not good/);
    expect(await messageOf({ old: good, new: last })).toMatch(/the ends are swapped/);
    await repo.commit('unbuildable');
    expect(await messageOf({ good, bad: repo.ids[4] ?? '' })).toMatch(/the bad end .* cannot be tested/);
    git(repo.path, 'commit', '--quiet', '--allow-empty', '-m', 'nothing');
    const empty = git(repo.path, 'rev-parse', 'HEAD');
    await repo.commit('good');
    expect(await messageOf({ good, bad: git(repo.path, 'rev-parse', 'HEAD') })).toMatch(/not bad/);
    expect(empty).not.toBe('');
  });
});

test('faults of the host say nothing; after three in a row it stops, and can go on', async () => {
  await inRepo(async (repo, _search, folder) => {
    for (let count = 1; count <= 8; count++) await repo.commit(count >= 5 ? 'bad' : 'good');
    const place = join(folder, 'faulty');
    const words = { repo: repo.path, good: repo.ids[0] ?? '', bad: repo.ids[8] ?? '' };
    await startSearch(place, await specOf(words, join(folder, 'cache')));
    const inner = readingTester();
    let boots = 0;
    const tester: Tester = {
      boot: async (path, at) =>
        ++boots % 2 === 0 ? { kind: 'host-fault', reason: 'no memory' } : inner.boot(path, at),
    };
    const { end, journal } = await runSearch(place, { view: SILENT, qemu: '', tester });
    expect(end).toMatchObject({ kind: 'found', id: repo.ids[5] });
    expect(journal.entries.filter(({ type }) => type === 'fault').length).toBeGreaterThan(2);

    const broken = join(folder, 'broken');
    await startSearch(broken, await specOf(words, join(folder, 'cache')));
    const dead: Tester = { boot: async () => ({ kind: 'host-fault', reason: 'no memory' }) };
    await expect(runSearch(broken, { view: SILENT, qemu: '', tester: dead })).rejects.toMatchObject({
      code: 'boots-failed',
    });
    expect((await runSearch(broken, { view: SILENT, qemu: '', tester: inner })).end).toMatchObject({
      id: repo.ids[5],
    });
  });
});

test('in real time answers that are wrong now and then do not mislead', async () => {
  await inRepo(async (repo, search) => {
    for (let count = 1; count <= 12; count++) await repo.commit(count >= 7 ? 'bad' : 'good');
    const inner = readingTester();
    let boots = 0;
    const tester: Tester = {
      async boot(path, at) {
        const judged = await inner.boot(path, at);
        // Every seventh answer is the wrong one.
        return judged.kind === 'answer' && ++boots % 7 === 0 ? answer(!judged.met) : judged;
      },
    };
    const words = { cell: 'clock=real', good: repo.ids[0] ?? '', bad: repo.ids[12] ?? '' };
    const { end, state, gitSays } = await search(words, tester);
    expect(end).toMatchObject({ kind: 'found', id: repo.ids[7] });
    expect(end.kind === 'found' && end.confidence).toBeGreaterThan(0.995);
    expect(state.boots).toBeGreaterThan(12);
    expect(gitSays).toBe(repo.ids[7]);
  });
});

test('the script of a search where bad is a guest that does not come up says so to the program', async () => {
  await inRepo(async (repo, search, folder) => {
    for (let count = 1; count <= 8; count++) await repo.commit(count >= 5 ? 'bad' : 'good');
    const inner = readingTester();
    const panics: Tester = {
      async boot(path, at) {
        const judged = await inner.boot(path, at);
        if (judged.kind === 'host-fault' || judged.met) return judged;
        return { ...judged, observation: { ...judged.observation, verdict: 'panicked' } };
      },
    };
    const ends = { good: repo.ids[0] ?? '', bad: repo.ids[8] ?? '' };
    const result = await search({ ...ends, timeout: 77, qemu: "/opt/my qemu's" }, panics);
    expect(result.end).toMatchObject({ kind: 'found', id: repo.ids[5] });
    const script = join(folder, 'again.sh');
    await writeFile(script, await scriptOf(result, 'an answer'));
    // Stands for the program: notes what it is asked, and that the matrix is there.
    const asked = join(folder, 'asked');
    const program = join(folder, 'program');
    await writeFile(
      program,
      `#!/bin/sh\ntest -s "\${3%#*}" || exit 9\nprintf '%s\\n' "$*" >> ${asked}\ncase $* in *${repo.ids[5]}*) exit 1;; esac\n`,
      { mode: 0o755 },
    );
    const run = (...args: string[]) =>
      runTool('sh', [script, ...args], { env: { TSCMATRIX: program, REPO: '/other clone' } });
    expect((await run()).stdout).toMatch(/^[0-9a-f]{40}: as in the search\n[0-9a-f]{40}: as in the search$/);
    await run('search');
    const [parent = '', culprit = '', whole = ''] = (await readFile(asked, 'utf8')).split('\n');
    const boots = "--qemu /opt/my qemu's --timeout 77s";
    expect(parent).toContain(`${boots} --repo /other clone --commit ${repo.ids[4]}`);
    expect(parent).not.toContain('--failure');
    expect(culprit).toContain(`${boots} --repo /other clone --commit ${repo.ids[5]} --failure bad`);
    expect(whole).toMatch(/^bisect --cell \S+again\.yaml#subject\./);
    expect(whole).toContain(`${boots} --repo /other clone --good ${repo.ids[0]} --bad ${repo.ids[8]}`);
  });
});

test('a program that a journal names is not started: the user names it again, or the search does not go on', async () => {
  await inRepo(async (repo, _search, folder) => {
    const bad = await repo.commit('bad');
    const marks = join(folder, 'started');
    const evil = await writeProgram(join(folder, 'evil'), `#!/bin/sh\necho "$@" >> ${marks}\nexit 1\n`);
    const place = join(folder, 'foreign');
    const ends = { good: repo.ids[0] ?? '', bad };
    await startSearch(place, await specOf({ repo: repo.path, ...ends, qemu: evil }, join(folder, 'cache')));
    const resumed = runSearch(place, { view: SILENT, qemu: 'qemu-system-x86_64' });
    await expect(resumed).rejects.toMatchObject({
      message: expect.stringContaining(`the search was begun with --qemu ${evil}`),
      hint: expect.stringContaining(`--qemu ${evil}`),
    });
    await expect(readFile(marks)).rejects.toThrow('ENOENT');
  });
});

test('killed with -9 again and again: it goes on where it was, and no step is done twice', async () => {
  await inRepo(async (repo, _search, folder) => {
    for (let count = 1; count <= 30; count++) await repo.commit(count >= 17 ? 'bad' : 'good');
    const place = join(folder, 'killed');
    const words = { repo: repo.path, good: repo.ids[0] ?? '', bad: repo.ids[30] ?? '' };
    await startSearch(place, await specOf(words, join(folder, 'cache')));
    const before = await stateOfRepo(repo.path);
    const script = `
      import { runSearch } from './harness/bisect/run-search.ts';
      import { readingTester, SILENT } from './test/bisect/tiny-repo.ts';
      const view = { ...SILENT, doing: (text) => console.log('doing ' + text), said: (text) => console.log('said ' + text) };
      const tester = readingTester(async () => { console.log('boots'); await new Promise((resolve) => setTimeout(resolve, 200)); });
      const { end } = await runSearch(${JSON.stringify(place)}, { view, qemu: '', tester });
      console.log('end ' + JSON.stringify(end));
    `;
    // In a checkout, a compilation, a boot, and just after an answer.
    for (const moment of [
      'doing checking out',
      'doing building',
      'boots',
      'said',
      'doing building',
      'boots',
      'said',
    ]) {
      const child = startScript(script);
      await child.said(moment);
      child.kill();
      await child.ended;
      expect(await stateOfRepo(repo.path)).toBe(before);
    }
    // What a git that is killed or a power cut can leave of repositories.
    const works = join(folder, 'cache', 'build', 'work');
    for (const own of [join(place, 'git'), join(works, (await readdir(works))[0] ?? '', 'git')]) {
      for (const name of ['HEAD', 'config', 'index', 'packed-refs']) {
        await writeFile(join(own, `${name}.lock`), '');
      }
      await writeFile(join(own, 'index'), 'DIRC');
    }
    await mkdir(join(place, 'git', 'refs', 'bisect'), { recursive: true });
    await writeFile(join(place, 'git', 'refs', 'bisect', 'bad'), '');
    // A power cut in the middle of a line.
    await writeFile(join(place, 'journal.jsonl'), '{"type":"boot","subj', { flag: 'a' });
    const last = startScript(script);
    const { output, errors } = await last.ended;
    expect(errors).toBe('');
    expect(output).toContain(`end {"kind":"found","id":"${repo.ids[17]}"`);
    const { entries } = await readJournal(place);
    const steps = entries.flatMap((entry) =>
      entry.type === 'image'
        ? [`image ${entry.subject}`]
        : entry.type === 'boot'
          ? [`boot ${entry.subject} ${entry.boot}`]
          : [],
    );
    expect(new Set(steps).size).toBe(steps.length);
    expect(await stateOfRepo(repo.path)).toBe(before);
    expect((await readdir(place)).filter((name) => name.endsWith('.lock'))).toEqual([]);
  });
});
