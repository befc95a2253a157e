import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { imagesFolder } from '../../harness/host/project.ts';
import { withEra } from '../../harness/kernel/era/era.ts';
import { answer, areMet, type Tools, toolsOf } from '../../harness/kernel/era/facts.ts';
import { eraRules, type Rule } from '../../harness/kernel/era/rules.ts';
import { parseOptions } from '../../harness/kernel/make/options.ts';
import { withoutModules } from '../../harness/kernel/make/recipe.ts';
import { kernelSchema, kernelSource } from '../../harness/matrix/kernel-schema.ts';

const GCC12: Tools = { gcc: [12, 2], binutils: [2, 40] };
type Files = Readonly<Record<string, string>>;

function rulesFor(files: Files, tools: Tools = GCC12): Rule[] {
  const rules = eraRules(tools.gcc?.[0] ?? null);
  const paths = new Map(Object.entries(files));
  const facts = answer(
    rules.flatMap(({ when }) => when),
    paths,
  );
  return rules.filter(({ when }) => areMet(when, facts, tools));
}
const names = (files: Files, tools?: Tools): string[] => rulesFor(files, tools).map(({ name }) => name);

/** What the trees of three ages say of themselves, in the few lines that rules look at. */
const OLD: Files = {
  Makefile: 'VERSION = 3\nKBUILD_CFLAGS := -Wall -fno-strict-aliasing\n',
  'arch/x86/Makefile': 'KBUILD_CFLAGS += -m64\nLDFLAGS := -m elf_$(UTS_MACHINE)\n',
  'arch/x86/Kconfig':
    'config X86_X2APIC\n\tbool "Support x2apic"\n\tdepends on X86_LOCAL_APIC && X86_64 && IRQ_REMAP\nconfig X86_SMAP\n',
  'arch/x86/kernel/head_64.S':
    '\t.globl early_idt_handlers\nearly_idt_handlers:\n\tpushq $i\n\tjmp early_idt_handler\n',
  'arch/x86/mm/fault.c': 'static inline bool smap_violation(int error_code, struct pt_regs *regs)\n',
  'arch/x86/kernel/smpboot.c': 'static void start_secondary(void *unused)\n',
  'include/linux/compiler.h': '',
  'init/main.c': '',
  'include/linux/compiler-gcc.h': '#include gcc_header(__GNUC__)\n',
  'include/linux/compiler-gcc4.h': '',
  'kernel/elfcore.c': '',
  'scripts/Kbuild.include':
    'make-cmd = $(subst \\\\,\\\\\\\\,$(subst \\#,\\\\\\#,$(subst $$,$$$$,$(call escsq,$(cmd_$(1))))))\n',
  'scripts/dtc/dtc-lexer.l': 'YYLTYPE yylloc;\n',
  'drivers/cpuidle/Kconfig': 'config CPU_IDLE_GOV_MENU\n\tbool\n\tdepends on CPU_IDLE && NO_HZ\n',
};
const MIDDLE: Files = {
  Makefile: 'KBUILD_CFLAGS := -std=gnu89 $(call cc-option,-fno-PIE)\n+= -Werror=incompatible-pointer-types\n',
  'arch/x86/Makefile': 'LDFLAGS += $(call ld-option, -z max-page-size=0x200000)\n',
  'arch/x86/Kconfig':
    'config X86_X2APIC\n\tbool "Support x2apic"\n\tdepends on X86_64 && (IRQ_REMAP || HYPERVISOR_GUEST)\n',
  'arch/x86/entry/Makefile': 'obj-y := entry_$(BITS).o thunk_$(BITS).o\n',
  'arch/x86/xen/Kconfig': 'config XEN_PVHVM\n\tbool "Xen PVHVM guest support"\n',
  'tools/objtool/Makefile': '',
  'tools/lib/subcmd/subcmd-util.h': '\tret = realloc(ptr, size);\n\tif (!ret && !size)\n',
  'arch/x86/boot/compressed/kaslr_64.c': 'unsigned long __force_order;\n',
};
const NEW: Files = {
  Makefile: 'KBUILD_CFLAGS := -std=gnu11 -fno-PIE\n+= -Werror=incompatible-pointer-types\n',
  'arch/x86/Makefile': '-fcf-protection=none\nKBUILD_LDFLAGS += -z max-page-size=0x200000\n',
  'arch/x86/Kconfig': MIDDLE['arch/x86/Kconfig'] ?? '',
  'arch/x86/boot/compressed/Makefile': 'KBUILD_CFLAGS += -std=gnu11\n',
  'arch/x86/entry/Makefile': 'obj-$(CONFIG_PREEMPTION) += thunk_$(BITS).o\n',
  'arch/x86/kernel/smpboot.c': 'static void start_secondary(void *unused)\n',
  'arch/x86/xen/Kconfig': 'config XEN_PVHVM\n\tbool "x"\nconfig XEN_PVHVM_GUEST\n',
  'include/linux/compiler.h': '#define prevent_tail_call_optimization() mb()\n',
  'init/main.c': '',
  'tools/objtool/Makefile': '',
};

test('each age gets what it lacks, and a tree of today nothing', () => {
  expect(names(OLD)).toEqual([
    ...['no-pie', 'no-cet', 'gnu89', 'compiler-header', 'max-page-size', 'early-idt-handlers'],
    ...['make-escape', 'no-tail-calls', 'host-common', 'weak-only', 'irq-remap', 'smap', 'old-no-hz'],
  ]);
  expect(names(MIDDLE)).toEqual(['no-cet', 'common-order', 'host-realloc', 'empty-symtab', 'xen-pvhvm']);
  expect(names(NEW)).toEqual([]);
  expect(names(NEW, { gcc: [15, 1], binutils: [2, 45] })).toEqual([]);
});

test('what is no kernel tree needs nothing', () => {
  expect(names({ Makefile: 'all:\n\ttrue\n', Kconfig: '' })).toEqual([]);
});

test('the tools count as well', () => {
  expect(names(OLD, { gcc: [4, 8], binutils: [2, 23] })).toEqual([
    ...['early-idt-handlers', 'make-escape', 'irq-remap', 'smap', 'old-no-hz'],
  ]);
  expect(names(OLD, { gcc: [14, 2], binutils: [2, 40] })).toContain('pointer-types');
  expect(names(MIDDLE, { gcc: [14, 2], binutils: [2, 40] })).not.toContain('pointer-types');
  expect(names(MIDDLE, { gcc: null, binutils: null })).toEqual(['xen-pvhvm']);
});

test('the header of the compiler is a copy of the newest that the tree has', () => {
  const copies = (files: Files) => rulesFor(files).flatMap(({ adds }) => Object.entries(adds.copies ?? {}));
  const header = 'include/linux/compiler-gcc12.h';
  expect(copies(OLD)).toEqual([[header, 'include/linux/compiler-gcc4.h']]);
  const five = { ...OLD, 'include/linux/compiler-gcc5.h': '' };
  expect(copies(five)).toEqual([[header, 'include/linux/compiler-gcc5.h']]);
  expect(copies({ ...five, [header]: '' })).toEqual([]);
});

test('a vendor is known by its mark', () => {
  expect(names({ ...NEW, Makefile: `RHEL_MAJOR = 7\n${NEW.Makefile}` })).toEqual(['rhel7']);
  expect(names({ ...NEW, 'Makefile.rhelver': 'RHEL_MAJOR = 8\nRHEL_MINOR = 5\n' })).toEqual(['rhel8']);
  expect(names({ ...NEW, 'Makefile.rhelver': 'RHEL_MAJOR = 9\n' })).toEqual([]);
  const strict = { ...NEW, Makefile: `${NEW.Makefile}ifneq ($(DISABLE_WERROR),1)\n` };
  expect(names(strict)).toEqual(['no-werror']);
  const bin2c = {
    ...NEW,
    'kernel/Makefile': 'cat $< | scripts/basic/bin2c\n',
    'init/Kconfig': 'config BUILD_BIN2C\n\tbool\n',
  };
  expect(names(bin2c)).toEqual(['no-ikconfig']);
  expect(
    names({ ...bin2c, 'init/Kconfig': `${bin2c['init/Kconfig']}config IKCONFIG\n\tselect BUILD_BIN2C\n` }),
  ).toEqual([]);
  const again = '$(version_h): FORCE\n\t$(Q)$(MAKE)';
  expect(names({ ...NEW, 'scripts/mod/Makefile': `${again} $@\n` })).toEqual(['version-h']);
  expect(names({ ...NEW, 'scripts/mod/Makefile': `${again} -f $(srctree)/Makefile $@\n` })).toEqual([]);
});

test.each([
  ['gcc (Debian 12.2.0-14+deb12u1) 12.2.0', 'GNU ld (GNU Binutils for Debian) 2.40', [12, 2], [2, 40]],
  ['gcc (GCC) 14.2.1 20250110 (Red Hat 14.2.1-7)', 'GNU ld version 2.41-37.fc40', [14, 2], [2, 41]],
  [
    'x86_64-linux-gnu-gcc-13 (Ubuntu 13.2.0-4) 13.2.0',
    'LLD 16.0.6 (compatible with GNU linkers)',
    [13, 2],
    null,
  ],
  ['Debian clang version 14.0.6', 'none', null, null],
])('versions: %s, %s', (compiler, linker, gcc, binutils) => {
  expect(toolsOf(compiler, linker)).toEqual({ gcc, binutils });
});

test('what a matrix says stays, and counts', () => {
  const source = kernelSource(
    kernelSchema.parse({
      source: { directory: '.' },
      toolchain: {
        cc: 'gcc-12 -fno-pie',
        make: { CFLAGS_main: '-O1' },
        'extra-files': { 'include/linux/compiler-gcc12.h': { tree: 'include/linux/mine.h' } },
      },
    }),
    '/',
  );
  if (source.kind !== 'build') throw new Error('a source makes a build');
  const fitted = withEra(source.toolchain, { rules: rulesFor(OLD), patches: [], options: new Map() });
  expect(fitted.cc).toEqual(['gcc-12', '-fno-pie', '-fcf-protection=none', '-std=gnu89']);
  expect(fitted.hostcc).toEqual(['gcc', '-fcommon']);
  expect(fitted.ldflags).toEqual(['-z', 'max-page-size=0x200000']);
  expect(fitted.make).toMatchObject({
    CFLAGS_main: '-O1',
    'CFLAGS_smpboot.o': '-fno-optimize-sibling-calls',
  });
  expect(fitted.extraFiles['include/linux/compiler-gcc12.h']).toEqual({ tree: 'include/linux/mine.h' });
});

test('each rule says where it comes from, and each patch of ours what it is for', () => {
  for (const { name, source } of eraRules(12)) expect([name, source.length > 30]).toEqual([name, true]);
  const folder = join(imagesFolder(), 'kernels', 'fixups');
  const used = eraRules(12).flatMap(({ adds }) => adds.patch ?? []);
  expect([...new Set(used)].sort()).toEqual(readdirSync(folder).sort());
  for (const name of used) {
    const [head = ''] = readFileSync(join(folder, name), 'utf8').split('\n--- a/');
    expect(head).toMatch(/[0-9a-f]{12}|RHEL 8/);
  }
});

test("a vendor's configuration without its modules: what a guest needs of them is built in", () => {
  const vendor = 'CONFIG_A=y\nCONFIG_HPET=m\nCONFIG_SOUND=m\n# CONFIG_TTY is not set\nCONFIG_N="x"\n';
  const guest = parseOptions('CONFIG_HPET=y\nCONFIG_TTY=y\nCONFIG_HZ=250\n');
  const { base, lenient } = withoutModules(vendor, guest);
  expect(base).toBe(
    'CONFIG_A=y\n# CONFIG_HPET is not set\n# CONFIG_SOUND is not set\n# CONFIG_TTY is not set\nCONFIG_N="x"\n',
  );
  expect([...lenient]).toEqual([['CONFIG_HPET', 'y']]);
});
