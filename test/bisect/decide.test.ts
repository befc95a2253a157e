// The search itself, without a kernel: lines, merges, commits that cannot be tested, images that are the same.
import { expect, test } from 'vitest';
import { decide, type End, type Search, sideOfCounts } from '../../harness/bisect/decide.ts';
import { hasBit, historyOf, lineOf, type Node, weightOfPast } from '../../harness/bisect/history.ts';
import type { Counts } from '../../harness/bisect/noise.ts';
import { believe, summary } from '../../harness/bisect/posterior.ts';
import { randomFrom } from '../support/simulate.ts';

interface Oracle {
  readonly isNew: (id: string) => boolean;
  readonly builds?: (id: string) => boolean;
  readonly image?: (id: string) => string;
}

interface Played {
  readonly end: End;
  /** Subjects whose kernel was booted, in order; each once for each boot. */
  readonly boots: readonly string[];
  readonly tried: readonly string[];
}

function play(search: Search, { isNew, builds = () => true, image = (id) => id }: Oracle): Played {
  const images = new Map<string, string>();
  const counts = new Map<string, Counts>();
  const skipped = new Set<string>();
  const boots: string[] = [];
  const tried: string[] = [];
  for (let turn = 0; turn < 10_000; turn++) {
    const { action } = decide(search, { images, boots: counts, skipped });
    if (action.kind === 'end') return { end: action.end, boots, tried };
    const { id } = action;
    tried.push(id);
    if (!builds(id)) {
      expect(skipped.has(id), `${id} is tried again although it does not build`).toBe(false);
      skipped.add(id);
    } else if (!images.has(id)) images.set(id, image(id));
    else {
      boots.push(id);
      const { olds, news } = counts.get(id) ?? { olds: 0, news: 0 };
      counts.set(id, isNew(id) ? { olds, news: news + 1 } : { olds: olds + 1, news });
    }
  }
  throw new Error('it does not end');
}

function line(count: number): Search {
  const ids = Array.from({ length: count + 1 }, (_, index) => String(index));
  return {
    history: lineOf(ids.slice(1)),
    old: '0',
    new: String(count),
    bases: [],
    parents: (id) => [String(Number(id) - 1)],
    exact: true,
    confidence: 0.995,
  };
}

/** A graph of merges, seeded: each node has one or two earlier parents. */
function graph(size: number, random: () => number): { search: Search; nodes: Node[] } {
  const nodes: Node[] = [];
  for (let at = 1; at <= size; at++) {
    const back = () => String(Math.max(0, at - 1 - Math.floor(random() * 6)));
    const parents = new Set(at === size || random() < 0.3 ? [String(at - 1), back()] : [back()]);
    nodes.push({ id: String(at), parents: [...parents] });
  }
  // What the last one does not have in its past is not in its range.
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const inside = new Set<string>();
  const waiting = [String(size)];
  for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) {
    if (inside.has(id) || !byId.has(id)) continue;
    inside.add(id);
    waiting.push(...(byId.get(id)?.parents ?? []));
  }
  const range = nodes.filter(({ id }) => inside.has(id));
  return {
    nodes: range,
    search: {
      history: historyOf(range),
      old: '0',
      new: String(size),
      bases: [],
      parents: (id) => byId.get(id)?.parents ?? [],
      exact: true,
      confidence: 0.995,
    },
  };
}

test.each([1, 2, 3, 7, 8, 64, 65, 100])('a line of %i: every place is found, by halving', (count) => {
  for (let truth = 1; truth <= count; truth++) {
    const { end, tried } = play(line(count), { isNew: (id) => Number(id) >= truth });
    expect(end).toEqual({ kind: 'found', id: String(truth), confidence: 1 });
    expect(new Set(tried).size).toBeLessThanOrEqual(Math.ceil(Math.log2(count)) + 2);
  }
});

test('the answer and its parent are booted twice, and nothing else is', () => {
  const { boots } = play(line(100), { isNew: (id) => Number(id) >= 42 });
  const twice = [...new Set(boots)].filter((id) => boots.filter((other) => other === id).length === 2);
  expect(twice.sort()).toEqual(['41', '42']);
  expect(boots.filter((id) => id === '41' || id === '42')).toHaveLength(4);
});

test('merges: the first new one is found whichever side of a merge it came from', () => {
  const random = randomFrom(3);
  for (let round = 0; round < 60; round++) {
    const { search, nodes } = graph(60, random);
    const truth = nodes[Math.floor(random() * nodes.length)]?.id ?? '';
    const index = search.history.indexOf(truth) ?? -1;
    const { end, tried } = play(search, {
      isNew: (id) => {
        const past = search.history.past(id);
        return past !== null && hasBit(past, index);
      },
    });
    expect(end).toEqual({ kind: 'found', id: truth, confidence: 1 });
    expect(new Set(tried).size).toBeLessThanOrEqual(2 * Math.log2(nodes.length) + 4);
  }
});

test('a long history with merges is halved as well', () => {
  const { search, nodes } = graph(30_000, randomFrom(5));
  const truth = nodes[Math.floor(nodes.length / 3)]?.id ?? '';
  const index = search.history.indexOf(truth) ?? -1;
  const { end, tried } = play(search, {
    isNew: (id) => {
      const past = search.history.past(id);
      return past !== null && hasBit(past, index);
    },
  });
  expect(nodes.length).toBeGreaterThan(5000);
  expect(end).toEqual({ kind: 'found', id: truth, confidence: 1 });
  expect(new Set(tried).size).toBeLessThanOrEqual(Math.ceil(Math.log2(nodes.length)) + 6);
});

test('what does not build is passed over, and its neighbours are tried', () => {
  const random = randomFrom(4);
  for (let round = 0; round < 200; round++) {
    const truth = 1 + Math.floor(random() * 100);
    const from = 2 + Math.floor(random() * 80);
    const length = 1 + Math.floor(random() * 15);
    const builds = (id: string) => Number(id) < from || Number(id) >= from + length || id === '100';
    const { end, tried } = play(line(100), { isNew: (id) => Number(id) >= truth, builds });
    if (builds(String(truth)) && builds(String(truth - 1))) {
      expect(end).toEqual({ kind: 'found', id: String(truth), confidence: 1 });
    } else {
      // Only those that cannot be told apart are left: the ones that do not build, and the first after them.
      expect(end.kind).toBe('set');
      const ids = end.kind === 'set' ? end.ids : [];
      expect(ids).toContain(String(truth));
      expect(ids.filter(builds)).toHaveLength(1);
    }
    const built = new Set(tried.filter(builds)).size;
    expect(built).toBeLessThanOrEqual(Math.ceil(Math.log2(100)) + 3);
  }
});

test('the middle that does not build costs no step where there is room', () => {
  const builds = (id: string) => !['35', '36', '37', '38'].includes(id);
  for (let truth = 1; truth <= 70; truth++) {
    if (truth >= 35 && truth <= 39) continue;
    const { tried } = play(line(70), { isNew: (id) => Number(id) >= truth, builds });
    expect(new Set(tried.filter(builds)).size).toBeLessThanOrEqual(Math.ceil(Math.log2(70)) + 2);
  }
});

test('the same image is never booted for two commits', () => {
  // Only every tenth commit makes another image.
  const image = (id: string) => String(Math.floor(Number(id) / 10));
  const { end, boots } = play(line(100), { isNew: (id) => Number(id) >= 50, image });
  expect(end).toMatchObject({ kind: 'found', id: '50' });
  // Twice where the answer is confirmed.
  for (const one of new Set(boots.map(image))) {
    const count = boots.filter((id) => image(id) === one).length;
    expect(count, `image ${one}`).toBe(one === '4' || one === '5' ? 2 : 1);
  }
});

test('wrong ends are found before anything else is tried', () => {
  const cases = [
    [() => true, { kind: 'wrong-ends', old: 'new', new: 'new' }],
    [() => false, { kind: 'wrong-ends', old: 'old', new: 'old' }],
    [(id: string) => id === '0', { kind: 'wrong-ends', old: 'new', new: 'old' }],
  ] as const;
  for (const [isNew, expected] of cases) {
    const { end, tried } = play(line(64), { isNew });
    expect(end).toEqual(expected);
    expect([...new Set(tried)]).toEqual(['0', '64']);
  }
  expect(play(line(64), { isNew: () => true, builds: (id) => id !== '64' }).end).toEqual({
    kind: 'untestable-end',
    id: '64',
  });
  expect(play(line(64), { isNew: () => true, image: () => 'one' }).end).toEqual({ kind: 'same-ends' });
});

test('a common ancestor of both ends has to be old', () => {
  const nodes = [1, 2, 3].map((at) => ({ id: `n${at}`, parents: [at === 1 ? 'base' : `n${at - 1}`] }));
  const search: Search = {
    ...line(1),
    history: historyOf(nodes),
    old: 'g',
    new: 'n3',
    bases: ['base'],
    parents: (id) => nodes.find((node) => node.id === id)?.parents ?? [],
  };
  expect(play(search, { isNew: (id) => id !== 'g' }).end).toEqual({ kind: 'new-base', id: 'base' });
  expect(play(search, { isNew: (id) => id === 'n2' || id === 'n3' }).end).toMatchObject({ id: 'n2' });
});

test('more than one change is no answer', () => {
  // The culprit's own parent turns out new when it is booted again.
  let boots = 0;
  const { end } = play(line(8), { isNew: (id) => Number(id) >= 5 || (id === '4' && ++boots > 1) });
  expect(end.kind).toBe('contradiction');
});

test('limits to paths leave candidates out, and past is still counted through them', () => {
  const nodes = [1, 2, 3, 4, 5].map((at) => ({ id: String(at), parents: [String(at - 1)] }));
  const history = historyOf(nodes, new Set(['2', '4']));
  expect(history.ids).toEqual(['2', '4']);
  expect([...(history.past('5') ?? [])]).toEqual([0b11]);
  expect([...(history.past('3') ?? [])]).toEqual([0b01]);
  expect(history.past('1')).toEqual(new Uint32Array(1));
  expect(history.past('0')).toBeNull();
});

test('weights of the past: a graph and a line agree where they are the same', () => {
  const ids = Array.from({ length: 50 }, (_, index) => `c${index}`);
  const weights = Float64Array.from(ids, (_, index) => (index % 7) / 10);
  const wanted = [...ids.keys()];
  const straight = weightOfPast(lineOf(ids), weights, wanted);
  const bent = weightOfPast({ ...lineOf(ids), linear: false }, weights, wanted);
  for (const index of wanted) expect(bent[index]).toBeCloseTo(straight[index] ?? Number.NaN, 9);
});

test('belief: more answers, more certain; contradictions in exact time are nobody', () => {
  const history = lineOf(['a', 'b', 'c', 'd']);
  const past = (id: string) => history.past(id) ?? 'none';
  const once = believe(history, [{ past: past('b'), olds: 0, news: 1 }], [], false);
  const often = believe(history, [{ past: past('b'), olds: 0, news: 5 }], [], false);
  const share = ({ probability }: { probability: Float64Array }) =>
    (probability[0] ?? 0) + (probability[1] ?? 0);
  expect(share(once)).toBeGreaterThan(0.7);
  expect(share(often)).toBeGreaterThan(0.97);
  expect(often.probability.reduce((sum, p) => sum + p, 0)).toBeCloseTo(1, 9);
  const torn = believe(history, [{ past: past('b'), olds: 1, news: 1 }], [], true);
  expect(summary(torn).share).toBe(0);
});

test('an end is judged by as many boots as the odds need', () => {
  expect(sideOfCounts({ olds: 1, news: 0 }, true)).toBe('old');
  expect(sideOfCounts({ olds: 1, news: 1 }, true)).toBe('unclear');
  expect(sideOfCounts({ olds: 2, news: 0 }, false)).toBeNull();
  expect(sideOfCounts({ olds: 6, news: 0 }, false)).toBe('old');
  expect(sideOfCounts({ olds: 4, news: 4 }, false)).toBeNull();
  expect(sideOfCounts({ olds: 60, news: 60 }, false)).toBe('unclear');
});
