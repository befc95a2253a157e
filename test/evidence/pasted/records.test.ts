// Logs that come as records: the messages in them, with their times.
import { expect, test } from 'vitest';
import { readPasted } from '../../../harness/evidence/pasted/read-pasted.ts';
import { structuredLines } from '../../../harness/evidence/pasted/structured.ts';

const REFINED = 'tsc: Refined TSC clocksource calibration: 2399.998 MHz';
const SWITCHED = 'clocksource: Switched to clocksource tsc';

test.each<[string, string]>([
  [
    'journalctl -o json',
    `{"_SOURCE_MONOTONIC_TIMESTAMP":"2000000","_TRANSPORT":"kernel","MESSAGE":"${REFINED}"}
{"MESSAGE":"${SWITCHED}","_TRANSPORT":"kernel","_SOURCE_MONOTONIC_TIMESTAMP":"2100000"}`,
  ],
  [
    'journalctl -o json, a message in bytes',
    `{"_SOURCE_MONOTONIC_TIMESTAMP":"2000000","MESSAGE":${JSON.stringify([...Buffer.from(REFINED)])}}
{"_SOURCE_MONOTONIC_TIMESTAMP":"2100000","MESSAGE":"${SWITCHED}"}`,
  ],
  [
    "journalctl -o json, the source's own stamp garbled",
    `{"_SOURCE_MONOTONIC_TIMESTAMP":"2e6","__MONOTONIC_TIMESTAMP":"2000000","MESSAGE":"${REFINED}"}
{"_SOURCE_MONOTONIC_TIMESTAMP":"","__MONOTONIC_TIMESTAMP":"2100000","MESSAGE":"${SWITCHED}"}`,
  ],
  [
    'journalctl -o json-pretty',
    `{
\t"_SOURCE_MONOTONIC_TIMESTAMP" : "2000000",
\t"_TRANSPORT" : "kernel",
\t"MESSAGE" : "${REFINED}"
}
{
\t"MESSAGE" : "${SWITCHED}",
\t"_SOURCE_MONOTONIC_TIMESTAMP" : "2100000"
}`,
  ],
  [
    'journalctl -o export',
    `__CURSOR=s=ab;i=1\n_SOURCE_MONOTONIC_TIMESTAMP=2000000\n_TRANSPORT=kernel\nMESSAGE=${REFINED}\n\n__CURSOR=s=ab;i=2\nMESSAGE=${SWITCHED}\n_SOURCE_MONOTONIC_TIMESTAMP=2100000\n`,
  ],
  [
    'journalctl -o verbose',
    `Mon 2026-03-09 07:03:06.123456 CET [s=ab12;i=1]\n    _TRANSPORT=kernel\n    MESSAGE=${REFINED}\n    _SOURCE_MONOTONIC_TIMESTAMP=2000000\nMon 2026-03-09 07:03:06.223456 CET [s=ab12;i=2]\n    MESSAGE=${SWITCHED}\n    _SOURCE_MONOTONIC_TIMESTAMP=2100000`,
  ],
  [
    'dmesg --json',
    `{\n   "dmesg": [\n      {\n         "pri": 6,\n         "time":     2.000000,\n         "msg": "${REFINED}"\n      },{\n         "pri": 6,\n         "time":     2.100000,\n         "msg": "${SWITCHED}"\n      }\n   ]\n}`,
  ],
  [
    "docker's json-file",
    `{"log":"[    2.000000] ${REFINED}\\n","stream":"stdout","time":"2026-03-09T07:03:06.1Z"}\n{"log":"[    2.100000] ${SWITCHED}\\n","stream":"stdout","time":"2026-03-09T07:03:06.2Z"}`,
  ],
  [
    "docker's json-file of a console with carriage returns",
    `{"log":"[    2.000000] ${REFINED}\\r\\n","stream":"stdout"}\n{"log":"[    2.100000] ${SWITCHED}\\r\\n","stream":"stdout"}`,
  ],
  [
    'journalctl -o json-seq',
    `\x1e{"_SOURCE_MONOTONIC_TIMESTAMP":"2000000","MESSAGE":"${REFINED}"}\n\x1e{"_SOURCE_MONOTONIC_TIMESTAMP":"2100000","MESSAGE":"${SWITCHED}"}\n`,
  ],
  [
    'journalctl -o json-sse',
    `data: {"_SOURCE_MONOTONIC_TIMESTAMP":"2000000","MESSAGE":"${REFINED}"}\n\ndata: {"_SOURCE_MONOTONIC_TIMESTAMP":"2100000","MESSAGE":"${SWITCHED}"}\n\n`,
  ],
  [
    'dmesg --json in one line',
    JSON.stringify({
      dmesg: [
        { pri: 6, time: 2.001, msg: REFINED },
        { pri: 6, time: 2.101, msg: SWITCHED },
      ],
    }).replaceAll('01,', ','),
  ],
  [
    'a list of records in one line',
    JSON.stringify([
      { MESSAGE: REFINED, _SOURCE_MONOTONIC_TIMESTAMP: '2000000' },
      { MESSAGE: SWITCHED, _SOURCE_MONOTONIC_TIMESTAMP: '2100000' },
    ]),
  ],
  [
    'records of a log store, the message three objects deep',
    [`[    2.0] ${REFINED}`, `[    2.1] ${SWITCHED}`]
      .map((message) => JSON.stringify({ _source: { log: { kernel: { message } }, '@version': 1 } }))
      .join('\n'),
  ],
  ['texts in a list', JSON.stringify([`[    2.0] ${REFINED}`, `[    2.1] ${SWITCHED}`])],
  [
    'records of LAVA',
    [`[    2.0] ${REFINED}`, `[    2.1] ${SWITCHED}`]
      .map((msg) => `- {"dt": "2026-03-09T07:03:06.123456", "lvl": "target", "msg": "${msg}"}`)
      .join('\n'),
  ],
  [
    'records in a quoted mail',
    `> {"_SOURCE_MONOTONIC_TIMESTAMP":"2000000","MESSAGE":"${REFINED}"}
> {"_SOURCE_MONOTONIC_TIMESTAMP":"2100000","MESSAGE":"${SWITCHED}"}`,
  ],
  [
    'records in HTML',
    `{"_SOURCE_MONOTONIC_TIMESTAMP":"2000000","MESSAGE":"${REFINED}"}<br>
{"_SOURCE_MONOTONIC_TIMESTAMP":"2100000","MESSAGE":"${SWITCHED}"}<br>`.replaceAll('"', '&quot;'),
  ],
  [
    'records that were broken between words and within one, in a quoted mail',
    `> {"_SOURCE_MONOTONIC_TIMESTAMP":"2000000","MESSAGE":"${REFINED.replace(' clocksource', '\n> clocksource')}"}
> {"_SOURCE_MONOTONIC_TIMESTAMP":"2100000","MESSAGE":"${SWITCHED.replace('urce', '\n> urce')}"}`,
  ],
  ['colours in texts of JSON', `"\\u001b[32m[    2.0] ${REFINED}"\n"[    2.1] ${SWITCHED}"`],
  ['bytes as Python shows them', `b'[    2.0] ${REFINED}\\n[    2.1] ${SWITCHED}'`],
  ['a log in one string', JSON.stringify(`[    2.000000] ${REFINED}\n[    2.100000] ${SWITCHED}`)],
  ['a log in one string of a list', `  ${JSON.stringify(`[    2.0] ${REFINED}\n[    2.1] ${SWITCHED}\n`)},`],
])('%s', (_, text) => {
  const { lines } = readPasted(text.split('\n').map((line, index) => ({ n: index + 1, text: line })));
  const full = lines.filter(({ text }) => text !== '');
  const said = full.map(({ text, timeS }) => ({ text, timeS }));
  expect(full.every(({ stamped }) => stamped)).toBe(true);
  expect(said).toEqual([
    { text: REFINED, timeS: 2 },
    { text: SWITCHED, timeS: 2.1 },
  ]);
});

const numbered = (text: string) => text.split('\n').map((line, index) => ({ n: index + 1, text: line }));

test('records of one line are numbered in their order; those of lines by their lines', () => {
  const list = JSON.stringify([{ msg: REFINED }, { msg: SWITCHED }]);
  expect(readPasted(numbered(list)).lines.map(({ n }) => n)).toEqual([1, 2]);
  const lines = `\n{"msg":"${REFINED}"}\n\n{"msg":"${SWITCHED}"}`;
  expect(readPasted(numbered(lines)).lines.map(({ n }) => n)).toEqual([2, 4]);
});

test.each([300, 256, -1, 1.5, '7'])('a list with %j is no message in bytes', (no) => {
  const text = JSON.stringify({ MESSAGE: [116, no], message: REFINED });
  expect(structuredLines(numbered(text))?.map((line) => line.text)).toEqual([REFINED]);
});

test.each(['_SOURCE_REALTIME_TIMESTAMP', '__REALTIME_TIMESTAMP'])(
  'the time of day of a record: %s',
  (name) => {
    const at = (us: number, MESSAGE: string) => JSON.stringify({ [name]: String(us), MESSAGE });
    const text = `${at(1_773_039_786_500_000, REFINED)}\n${at(1_773_039_788_750_000, SWITCHED)}`;
    const said = readPasted(numbered(text)).lines;
    expect(said.map(({ timeS, byWallClock, stamped }) => [timeS, byWallClock, stamped])).toEqual([
      [0, true, true],
      [2.25, true, true],
    ]);
  },
);

test('the escapes of a log in one string are undone', () => {
  const text = JSON.stringify('[    0.0] Command line: a="b c" tsc=reliable\n[    0.1] x');
  expect(readPasted(numbered(text)).lines.map((line) => line.text)).toEqual([
    'Command line: a="b c" tsc=reliable',
    'x',
  ]);
});

test('what opens like a record and does not end as one stays', () => {
  const text = `{"a": \nx}\n{"msg":"${REFINED}"}\n{"msg":"${SWITCHED}"}\n{"msg":"z"}`;
  expect(structuredLines(numbered(text))?.map((line) => line.text)).toEqual([
    '{"a": ',
    'x}',
    REFINED,
    SWITCHED,
    'z',
  ]);
});

test('a list of records may hold what is none', () => {
  const text = JSON.stringify([null, { a: null, b: { msg: REFINED } }, 5, { msg: SWITCHED }]);
  expect(structuredLines(numbered(text))?.map((line) => line.text)).toEqual([REFINED, SWITCHED]);
});

test('one record of a journal is read; keys of times alone hide no log', () => {
  const one = `__REALTIME_TIMESTAMP=1773039786500000\n_TRANSPORT=kernel\nMESSAGE=${REFINED}`;
  expect(readPasted(numbered(one)).lines.map(({ text }) => text)).toEqual([REFINED]);
  const times = `{\n "time": 1,\n "time": 2\n}\n[    2.0] ${REFINED}`;
  expect(readPasted(numbered(times)).lines.map(({ text }) => text)).toContain(REFINED);
});

test('a log in one string is numbered by its own lines', () => {
  const text = JSON.stringify(`[    2.0] ${REFINED}\n[    2.1] ${SWITCHED}`);
  expect(readPasted(numbered(text)).lines.map(({ n }) => n)).toEqual([1, 2]);
});

test.each([
  ['Linux version 6.1.0 (a@b)\\nDMI: a machine\\nCommand line: ro', 3],
  ['tsc: Fast TSC calibration failed\\ntsc: Using PIT calibration value', 2],
  ['cifs: cannot find C:\\new', 1],
])('line ends that are written out: %j', (text, count) => {
  expect(readPasted(numbered(text)).lines).toHaveLength(count);
});

test('a line of markup alone is an empty line', () => {
  const said = readPasted(numbered(`<p>\n[    2.0] ${REFINED}\n<p>`)).lines;
  expect(said.map(({ text }) => text)).toEqual(['', REFINED, '']);
});

test.each([
  ['deeper than a log store packs it', { a: { b: { c: { d: { message: REFINED } } } } }],
  ['under no name of a message', { text: 'x', list: [null, 1, 'y'] }],
])('a record whose message is %s stays a line of text', (_, record) => {
  const line = JSON.stringify(record);
  expect(structuredLines(numbered(line))).toBeNull();
});

test('a setting file with keys of that kind is no log', () => {
  const text = 'MESSAGE=hello\nOTHER=1\n';
  const { lines } = readPasted(text.split('\n').map((line, index) => ({ n: index + 1, text: line })));
  expect(lines.map(({ text }) => text)).toContain('OTHER=1');
});
