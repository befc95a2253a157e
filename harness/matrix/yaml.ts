/** YAML text to a value, with the line and column of every key. The only file that imports js-yaml. */
import {
  CORE_SCHEMA,
  constructFromEvents,
  EVENT_ID,
  type Event,
  getScalarValue,
  mergeTag,
  parseEvents,
  SCALAR_STYLE,
  YAMLException,
} from 'js-yaml';

/** 1-based, as editors count. */
interface Position {
  readonly line: number;
  readonly column: number;
}

export type KeyPath = readonly (string | number)[];

interface YamlProblem extends Position {
  readonly message: string;
  readonly hint?: string;
}

export interface YamlDocument {
  /** Undefined if the text could not be read at all. */
  readonly value: unknown;
  readonly problems: readonly YamlProblem[];
  /** Where the value at `path` stands, or its key; the nearest parent's place where there is no such path. */
  readonly at: (path: KeyPath, part?: 'key' | 'value') => Position;
}

/** How many values a document may have once its aliases are followed: a matrix needs far fewer. */
const MAX_VALUES = 200_000;
/** No matrix, series or list has so many: some checks are slower than a text is long. */
const MAX_CHARACTERS = 1024 * 1024;
const MAX_DEPTH = 50;
const SCHEMA = CORE_SCHEMA.withTags(mergeTag);

interface Entry {
  readonly keyOffset: number;
  readonly value: Node;
}

/** The tree of a document, kept only for its offsets. An alias is the node that it names. */
interface Node {
  readonly offset: number;
  /** By their keys: each value of a document is looked for. Of a key that is set twice the last one counts. */
  readonly entries?: ReadonlyMap<string, Entry>;
  readonly items?: readonly Node[];
  /** Set for an alias: the node meant. */
  readonly target?: Node;
  /** Values below this node, with aliases followed. */
  readonly size: number;
}

interface Reader {
  readonly text: string;
  readonly events: readonly Event[];
  readonly anchors: Map<string, Node | 'open'>;
  readonly problem: (offset: number, message: string, hint?: string) => void;
  readonly lineOf: (offset: number) => number;
  next: number;
  /** The end of what has been read, for values that are not written out. */
  offset: number;
}

/** Reads one YAML 1.2 document (merge keys included). Never throws: what is wrong is in `problems`. */
export function parseYaml(text: string): YamlDocument {
  const lineStarts = findLineStarts(text);
  const problems: YamlProblem[] = [];
  const problem = (offset: number, message: string, hint?: string): void => {
    problems.push({ ...positionOf(lineStarts, offset), message, ...(hint === undefined ? {} : { hint }) });
  };
  const nowhere = (): Position => ({ line: 1, column: 1 });
  if (text.length > MAX_CHARACTERS) {
    problem(0, `the file is larger than ${MAX_CHARACTERS} characters`);
    return { value: undefined, problems, at: nowhere };
  }
  try {
    const events = parseEvents(text, { maxDepth: MAX_DEPTH });
    const documents = events.filter((event) => event.type === EVENT_ID.DOCUMENT).length;
    if (documents === 0) problem(0, 'the file is empty');
    if (documents > 1)
      problem(0, `the file holds ${documents} YAML documents; a matrix is one`, 'remove the --- lines');
    if (documents !== 1) return { value: undefined, problems, at: nowhere };
    const lineOf = (offset: number): number => positionOf(lineStarts, offset).line;
    const root = readNode({ text, events, anchors: new Map(), problem, lineOf, next: 1, offset: 0 });
    if (Number.isFinite(root.size) && root.size > MAX_VALUES) {
      problem(root.offset, `with its aliases followed the file holds more than ${MAX_VALUES} values`);
    }
    const at = (path: KeyPath, part: 'key' | 'value' = 'value'): Position =>
      positionOf(lineStarts, findOffset(root, path, part));
    if (!Number.isFinite(root.size) || root.size > MAX_VALUES) return { value: undefined, problems, at };
    // Duplicate keys are already reported, all of them; here the last one wins so that reading can go on.
    const [value] = constructFromEvents(events, { source: text, schema: SCHEMA, json: true });
    return { value, problems, at };
  } catch (error) {
    if (!(error instanceof YAMLException)) throw error;
    problem(error.mark?.position ?? 0, `not valid YAML: ${error.reason}`, syntaxHint(error.reason, text));
    return { value: undefined, problems, at: nowhere };
  }
}

function syntaxHint(reason: string, text: string): string | undefined {
  if (/^ *\t/m.test(text)) return 'YAML is indented by spaces only';
  if (/alias/i.test(reason))
    return 'text that begins with * is an alias in YAML: put a glob in quotes, as in "*-6.1"';
  return undefined;
}

function readNode(reader: Reader): Node {
  const event = reader.events[reader.next++];
  if (event === undefined) return { offset: reader.offset, size: 1 };
  if (event.type === EVENT_ID.ALIAS) return readAlias(reader, event.anchorStart, event.anchorEnd);
  if (event.type === EVENT_ID.POP || event.type === EVENT_ID.DOCUMENT)
    return { offset: reader.offset, size: 1 };
  const anchor = event.anchorStart < 0 ? undefined : reader.text.slice(event.anchorStart, event.anchorEnd);
  if (anchor !== undefined) reader.anchors.set(anchor, 'open');
  const node = readUntagged(reader, event);
  if (anchor !== undefined) reader.anchors.set(anchor, node);
  return node;
}

function readUntagged(reader: Reader, event: Exclude<Event, { type: 1 | 5 | 6 }>): Node {
  if (event.type === EVENT_ID.SCALAR) {
    const offset = event.valueStart < 0 ? reader.offset : Math.max(0, scalarStart(event));
    if (event.valueEnd >= 0) reader.offset = event.valueEnd;
    return { offset, size: 1 };
  }
  reader.offset = event.start;
  return event.type === EVENT_ID.MAPPING
    ? readMapping(reader, event.start)
    : readSequence(reader, event.start);
}

/** Of a quoted scalar the events give the text within the quotes; people look for the quote. */
function scalarStart(event: { readonly style: number; readonly valueStart: number }): number {
  const quoted = event.style === SCALAR_STYLE.SINGLE_QUOTED || event.style === SCALAR_STYLE.DOUBLE_QUOTED;
  return quoted ? event.valueStart - 1 : event.valueStart;
}

function readAlias(reader: Reader, start: number, end: number): Node {
  const name = reader.text.slice(start, end);
  const target = reader.anchors.get(name);
  reader.offset = end;
  if (target === 'open') {
    reader.problem(start - 1, `the alias *${name} lies within what it stands for`);
    return { offset: start - 1, size: Number.POSITIVE_INFINITY };
  }
  // An alias without an anchor is reported by js-yaml when the value is built.
  return target === undefined
    ? { offset: start - 1, size: 1 }
    : { offset: start - 1, target, size: target.size };
}

function readSequence(reader: Reader, offset: number): Node {
  const items: Node[] = [];
  while (reader.events[reader.next]?.type !== EVENT_ID.POP) items.push(readNode(reader));
  reader.next += 1;
  return { offset, items, size: items.reduce((sum, item) => sum + item.size, 1) };
}

function readMapping(reader: Reader, offset: number): Node {
  const entries = new Map<string, Entry>();
  let size = 1;
  while (reader.events[reader.next]?.type !== EVENT_ID.POP) {
    const { key, keyOffset } = readKey(reader);
    const value = readNode(reader);
    size += value.size;
    const first = entries.get(key);
    if (first !== undefined) {
      reader.problem(
        keyOffset,
        `the key ${JSON.stringify(key)} is already set on line ${reader.lineOf(first.keyOffset)}`,
      );
    }
    entries.set(key, { keyOffset, value });
  }
  reader.next += 1;
  return { offset, entries, size };
}

function readKey(reader: Reader): { key: string; keyOffset: number } {
  const event = reader.events[reader.next];
  const node = readNode(reader);
  if (event?.type !== EVENT_ID.SCALAR) {
    if (event?.type !== EVENT_ID.ALIAS)
      reader.problem(node.offset, 'a key must be a word, not a list or a map');
    return { key: '', keyOffset: node.offset };
  }
  const key = getScalarValue(reader.text, event);
  if (event.style === SCALAR_STYLE.PLAIN && isAnotherText(key)) {
    reader.problem(
      node.offset,
      `YAML takes the key ${key || '(empty)'} for something else`,
      'put the key in quotes',
    );
  }
  return { key, keyOffset: node.offset };
}

/** Whether a plain key such as 6.10, 0x10 or ~ would come out of YAML as a different text (6.1, 16, null). */
function isAnotherText(key: string): boolean {
  if (key === '' || key === '~') return true;
  if (/^[-+]?\.(inf|nan)$/i.test(key)) return true;
  return /^[-+]?[.\d]/.test(key) && !Number.isNaN(Number(key)) && String(Number(key)) !== key;
}

function findOffset(root: Node, path: KeyPath, part: 'key' | 'value'): number {
  let node = root;
  let offset = root.offset;
  for (const [index, step] of path.entries()) {
    const found = findChild(node, step, 0);
    if (found === undefined) return offset;
    node = found.value;
    const last = index === path.length - 1;
    offset = last && part === 'value' ? node.offset : found.keyOffset;
  }
  return offset;
}

/** A child by key or index, through aliases and merge keys. */
function findChild(
  node: Node,
  step: string | number,
  depth: number,
): { keyOffset: number; value: Node } | undefined {
  if (depth > MAX_DEPTH) return undefined;
  if (node.target !== undefined) return findChild(node.target, step, depth + 1);
  const item = node.items?.[Number(step)];
  if (item !== undefined) return { keyOffset: item.offset, value: item };
  const own = node.entries?.get(String(step));
  if (own !== undefined) return own;
  const merge = node.entries?.get('<<');
  for (const source of merge === undefined ? [] : (merge.value.items ?? [merge.value])) {
    const found = findChild(source, step, depth + 1);
    if (found !== undefined) return found;
  }
  return undefined;
}

function findLineStarts(text: string): number[] {
  const starts = [0];
  for (const match of text.matchAll(/\r\n|\n|\r/g)) starts.push(match.index + match[0].length);
  return starts;
}

function positionOf(lineStarts: readonly number[], offset: number): Position {
  let [line, end] = [0, lineStarts.length];
  while (end - line > 1) {
    const middle = (line + end) >>> 1;
    if ((lineStarts[middle] ?? 0) <= offset) line = middle;
    else end = middle;
  }
  return { line: line + 1, column: offset - (lineStarts[line] ?? 0) + 1 };
}
