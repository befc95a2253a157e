/** Another nonce makes another deterministic guest; it must stand everywhere, and come out the same each time. */
import { expect, test } from 'vitest';
import { nextNonce, withNonce } from '../../harness/guest/launch/command-line.ts';
import { itemOf, nestedLaunch, optionOf } from './nested-launch.ts';

test('the next nonce follows from the one before it alone', () => {
  // sha256 of "after 0badcafe" and of "after " with that: records of one version can be compared with the next.
  expect(nextNonce('0badcafe')).toBe('18169565');
  expect(nextNonce(nextNonce('0badcafe'))).toBe('4de3b7a6');
  expect(nextNonce('0badcaff')).not.toBe(nextNonce('0badcafe'));
});

test('a nested launch with another nonce has it at both levels, and the old one nowhere', () => {
  const before = nestedLaunch({ append: 'tsc=nowatchdog' });
  const after = withNonce(before, 'feedface');
  expect(JSON.stringify(before).split('0badcafe').length).toBeGreaterThan(4);
  expect(JSON.stringify(after)).not.toContain('0badcafe');
  expect(JSON.stringify(after)).toBe(JSON.stringify(before).replaceAll('0badcafe', 'feedface'));
  expect(after.nonce).toBe('feedface');
  expect(after.commandLine).toContain('tscprobe.nonce=feedface');
  expect(optionOf(after.argv, '-append')).toContain('tscl1.nonce=feedface');
  expect(itemOf(after, 'command').split('\n')).toEqual(after.nested?.command);
  expect(optionOf(after.nested?.command ?? [], '-append')).toBe(after.commandLine);
});

test('eight hexadecimal digits that are no nonce stay', () => {
  const path = '/kernels/0badcafe/vmlinuz';
  const after = withNonce(nestedLaunch({}, { kernelPath: path }), 'feedface');
  expect(itemOf(after, 'kernel')).toBe(path);
});

test('the launch it came from is as it was', () => {
  const before = nestedLaunch();
  const copy = structuredClone(before);
  withNonce(before, 'feedface');
  expect(before).toEqual(copy);
});
