/** A kernel tree of a few lines: its Makefile knows O=, allnoconfig, olddefconfig and bzImage, as kbuild does. */
import { execFileSync } from 'node:child_process';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { openCache } from '../../harness/host/cache.ts';
import { type AcquireOptions, acquireKernel, type KernelImage } from '../../harness/kernel/acquire.ts';
import { kernelSchema, kernelSource } from '../../harness/matrix/kernel-schema.ts';
import { tinyKernel } from '../kernel/tools.ts';

const MAKEFILE = `
O ?= $(CURDIR)
objects := $(O)/one.o $(O)/two.o
allnoconfig:
	@sh scripts/conf.sh "$(KCONFIG_ALLCONFIG)" $(O)/.config
olddefconfig:
	@sh scripts/conf.sh $(O)/.config $(O)/.config
bzImage: $(O)/arch/x86/boot/bzImage
$(O)/%.o: %.c include/limit.h $(O)/.config
	@echo "  CC      $*.o"
	@$(CC) $(KCFLAGS) -O1 -fPIC -Iinclude -c -o $@ $<
$(O)/vmlinux: $(objects)
	@echo "  LD      vmlinux"
	@$(LD) -shared --build-id=sha1 -o $@ $(objects)
$(O)/arch/x86/boot/bzImage: $(O)/vmlinux header.bin
	@echo "  BUILD   arch/x86/boot/bzImage"
	@mkdir -p $(O)/arch/x86/boot
	@cat header.bin $(O)/vmlinux > $@
`;

/** Takes from its input what Kconfig knows and what has its dependency; says nothing of the rest. */
const CONF = `
known() { grep -qE "^config $1$" Kconfig; }
needs() { sed -n "/^config $1$/,/^config/s/.*depends on //p" Kconfig; }
grep '^CONFIG_' "$1" > "$2.in"
while IFS== read -r name value; do
	known "\${name#CONFIG_}" || continue
	need=$(needs "\${name#CONFIG_}")
	[ -z "$need" ] || grep -q "^CONFIG_$need=y" "$2.in" || continue
	echo "$name=$value"
done < "$2.in" > "$2.new"
# As kconfig does: a file that would be the same keeps its date.
cmp -s "$2.new" "$2" || mv "$2.new" "$2"
`;

export const FAKE_FILES: Readonly<Record<string, string>> = {
  Makefile: MAKEFILE,
  Kconfig: 'config ONE\n\tbool\nconfig TWO\n\tbool\n\tdepends on ONE\nconfig NAME\n\tstring\n',
  'scripts/conf.sh': CONF,
  'include/limit.h': '/* how slow a read may be */\n#define LIMIT 50000\n',
  'one.c': '#include "limit.h"\n\nint one(void)\n{\n\tint limit = LIMIT;\n\n\treturn limit;\n}\n',
  'two.c': 'int two(void)\n{\n\treturn 2;\n}\n',
  'notes.txt': 'a\nb\nc\nd\ne\nf\n',
};

export const TWO_PATCH = `Makes it three.
--- a/two.c
+++ b/two.c
@@ -1,4 +1,4 @@
 int two(void)
 {
-	return 2;
+	return 3;
 }
`;

export const LIMIT_PATCH = `--- a/include/limit.h
+++ b/include/limit.h
@@ -1,2 +1,2 @@
 /* how slow a read may be */
-#define LIMIT 50000
+#define LIMIT 5000000
`;

export async function writeTree(
  folder: string,
  files: Readonly<Record<string, string>> = FAKE_FILES,
): Promise<string> {
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text);
  }
  await writeFile(join(folder, 'header.bin'), tinyKernel({ version: '3.10.0-fake (a@b) #1' }));
  return folder;
}

export async function writeProgram(path: string, text: string): Promise<string> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, text);
  await chmod(path, 0o755);
  return path;
}

/** A kernel as a matrix would describe it, in a folder. The fake tree has its own options: none of the guest's. */
export function fakeEntry(folder: string, keys: Readonly<Record<string, unknown>>) {
  const checked = kernelSchema.parse({ source: { directory: 'tree' }, ...keys });
  return { name: 'fake', source: kernelSource(checked, folder) };
}

export async function buildFake(
  folder: string,
  keys: Readonly<Record<string, unknown>> = {},
  more: Partial<AcquireOptions> = {},
): Promise<KernelImage> {
  const cache = more.cache ?? (await openCache(join(folder, 'cache')));
  return acquireKernel(fakeEntry(folder, keys), { ...more, cache });
}

/** git for tests: an identity, fixed dates, none of the user's settings. */
export function git(folder: string, ...args: string[]): string {
  const who = {
    GIT_AUTHOR_NAME: 'a',
    GIT_AUTHOR_EMAIL: 'a@b',
    GIT_COMMITTER_NAME: 'a',
    GIT_COMMITTER_EMAIL: 'a@b',
  };
  const dates = { GIT_AUTHOR_DATE: '2026-01-01T00:00:00Z', GIT_COMMITTER_DATE: '2026-01-01T00:00:00Z' };
  const env = {
    ...process.env,
    ...who,
    ...dates,
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_CONFIG_SYSTEM: '/dev/null',
  };
  return execFileSync('git', args, { cwd: folder, env, encoding: 'utf8' }).trim();
}
