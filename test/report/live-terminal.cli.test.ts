// The live view on a terminal leaves it as it was, however the program ends.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';

/** On a terminal of its own (script(1)), since the cursor is hidden on a real one alone. */
function onTerminal(ending: string): string {
  const report = join(import.meta.dirname, '..', '..', 'harness', 'report', 'live', 'live.ts');
  const code = `import { liveReporter } from ${JSON.stringify(report)};
    const live = liveReporter(process.stderr, { colour: false, repeat: (draw) => { draw(); return () => {}; } });
    ${ending}`;
  const command = `exec ${process.execPath} --input-type=module-typescript -e "$CODE"`;
  const { stdout } = spawnSync('script', ['-qec', command, '/dev/null'], {
    env: { ...process.env, CODE: code },
    encoding: 'utf8',
  });
  return stdout;
}
test.each([
  ['its end', 'live.close();'],
  ['Ctrl-C', "process.kill(process.pid, 'SIGINT'); setInterval(() => {}, 1000);"],
  ['an error nobody caught', "throw new Error('bug');"],
])('the cursor is back after %s', (_, ending) => {
  const text = onTerminal(ending);
  expect(text).toContain('\u001b[?25l');
  expect(text.lastIndexOf('\u001b[?25h')).toBeGreaterThan(text.lastIndexOf('\u001b[?25l'));
});
