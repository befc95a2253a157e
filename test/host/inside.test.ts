import { expect, test } from 'vitest';
import { readNamed } from '../../harness/host/inside.ts';
import { readInput } from '../../harness/kernel/make/input-file.ts';

test.each(['/dev/zero', '/dev/null', '/proc'])('%s in place of a file is refused at once', async (path) => {
  await expect(readNamed(path)).rejects.toThrow(/no plain file/);
  await expect(readInput('the patch', path)).rejects.toThrow(
    new RegExp(`^the patch ${path}: .*no plain file`),
  );
});
