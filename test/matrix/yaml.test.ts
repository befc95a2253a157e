import { expect, test } from 'vitest';
import { parseYaml } from '../../harness/matrix/yaml.ts';

test('finds the line and column of keys and values, in block and flow style and within quotes', () => {
  const { at, value } = parseYaml('a:\n  - x\n  - { y: 1, "z z": \'q\' }\n');
  expect(value).toEqual({ a: ['x', { y: 1, 'z z': 'q' }] });
  expect(at(['a'], 'key')).toEqual({ line: 1, column: 1 });
  expect(at(['a', 0])).toEqual({ line: 2, column: 5 });
  expect(at(['a', 1, 'y'])).toEqual({ line: 3, column: 10 });
  expect(at(['a', 1, 'z z'], 'key')).toEqual({ line: 3, column: 13 });
  expect(at(['a', 1, 'z z'])).toEqual({ line: 3, column: 20 });
});

test('gives the nearest parent for a path that is not there', () => {
  const { at } = parseYaml('a:\n  b: { c: 1 }\n');
  expect(at(['a', 'b', 'missing'])).toEqual({ line: 2, column: 3 });
});

test('follows aliases and merge keys to where the value is written', () => {
  const { at, value } = parseYaml('base: &b\n  x: 1\n  y: 2\nuse:\n  <<: *b\n  y: 3\n');
  expect(value).toMatchObject({ use: { x: 1, y: 3 } });
  expect(at(['use', 'x'])).toEqual({ line: 2, column: 6 });
  expect(at(['use', 'y'])).toEqual({ line: 6, column: 6 });
});

test('counts lines right with CRLF and with a value that is not written out', () => {
  const { at, value } = parseYaml('a:\r\nb: 1\r\n');
  expect(value).toEqual({ a: null, b: 1 });
  expect(at(['b'])).toEqual({ line: 2, column: 4 });
  expect(at(['a']).line).toBe(1);
});

test('reports every duplicate key with its line, not just the first', () => {
  const { problems } = parseYaml('a: 1\nb:\n  c: 1\n  c: 2\na: 3\n');
  expect(problems.map(({ line, message }) => [line, message])).toEqual([
    [4, 'the key "c" is already set on line 3'],
    [5, 'the key "a" is already set on line 1'],
  ]);
});

test.each(['6.10', '0x10', '~', '1e3', '010'])('refuses the plain key %s, which YAML would change', (key) => {
  expect(parseYaml(`${key}: x\n`).problems).toMatchObject([{ line: 1, hint: 'put the key in quotes' }]);
  expect(parseYaml(`"${key}": x\n`).problems).toEqual([]);
});

test('refuses an alias bomb without unfolding it', () => {
  const levels = Array.from(
    { length: 40 },
    (_, index) => `a${index + 1}: &a${index + 1} [${Array(10).fill(`*a${index}`)}]`,
  );
  const { value, problems } = parseYaml(`a0: &a0 x\n${levels.join('\n')}\n`);
  expect(value).toBeUndefined();
  expect(problems).toMatchObject([{ message: expect.stringContaining('more than 200000 values') }]);
});

test('refuses an alias within what it stands for', () => {
  expect(parseYaml('x: &a [*a]').problems).toMatchObject([{ line: 1, column: 8 }]);
});

test.each([
  ['', 'the file is empty'],
  ['# only a comment\n', 'the file is empty'],
  ['a: 1\n---\nb: 2\n', '2 YAML documents'],
  ['a: [1', 'not valid YAML'],
  ['a: *nowhere', 'not valid YAML'],
  ['? [a]\n: 1\n', 'a key must be a word'],
])('says what is wrong with %j', (text, message) => {
  expect(parseYaml(text).problems[0]?.message).toContain(message);
});

test('names the line of a syntax error, and tabs where they are the likely cause', () => {
  const [problem] = parseYaml('a:\n  b: 1\n\tc: 2\n').problems;
  expect(problem).toMatchObject({ line: 3, hint: 'YAML is indented by spaces only' });
});
