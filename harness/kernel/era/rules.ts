/**
 * What today's tools, and the small guest configuration, need to build a tree of another age. Each rule is a row: how it
 * is seen in the tree (and in the tools) that it is needed, the kernel's commit or file that it comes from, what it adds.
 * A fact of the tree is asked for, not its version: distributions carry fixes back.
 */
import type { Condition } from './facts.ts';

interface Additions {
  /** Words for every call of the compiler: boot, realmode and vDSO code take no KCFLAGS. */
  readonly cc?: readonly string[];
  readonly hostcc?: readonly string[];
  /** For the links that make vmlinux. */
  readonly ldflags?: readonly string[];
  /** Variables on make's command line. */
  readonly make?: Readonly<Record<string, string>>;
  /** Path in the tree to the file of the tree that is copied there. */
  readonly copies?: Readonly<Record<string, string>>;
  /** A patch of images/kernels/fixups/. */
  readonly patch?: string;
  /** Options on top of the guest configuration; a file of images/kernels/ or some. */
  readonly fragment?: string;
  readonly options?: Readonly<Record<string, string>>;
}

export interface Rule {
  readonly name: string;
  /** Where it comes from. */
  readonly source: string;
  readonly when: readonly Condition[];
  readonly adds: Additions;
}

const MAKEFILE = 'Makefile';
const X86 = 'arch/x86/Makefile';
const COMPILER = 'include/linux/compiler-gcc.h';

/** `gcc` is the compiler's major version. */
export function eraRules(gcc: number | null): readonly Rule[] {
  const header = `include/linux/compiler-gcc${gcc}.h`;
  const noHeader: readonly Condition[] = [
    { file: COMPILER, has: /gcc_header\(__GNUC__\)/ },
    { absent: header },
  ];
  return [
    {
      name: 'no-pie',
      source:
        '8ae94224c9d7 (kbuild: add -fno-PIE): compilers of distributions make position-independent code',
      when: [{ gcc: 6 }, { file: MAKEFILE, lacks: /-fno-pie/i }, { file: X86, lacks: /-fno-pie/i }],
      adds: { cc: ['-fno-pie'] },
    },
    {
      name: 'no-cet',
      source: '29be86d7f9cb (kbuild: add -fcf-protection=none): endbr64 in code that is not made for it',
      when: [{ gcc: 8 }, { file: MAKEFILE, lacks: /fcf-protection/ }, { file: X86, lacks: /fcf-protection/ }],
      adds: { cc: ['-fcf-protection=none'] },
    },
    {
      name: 'gnu89',
      source:
        '51b97e354ba9 (kernel: use the gnu89 standard explicitly): extern inline means another thing since',
      when: [{ gcc: 5 }, { file: X86, has: /./ }, { file: MAKEFILE, lacks: /-std=gnu/ }],
      adds: { cc: ['-std=gnu89'] },
    },
    {
      name: 'gnu11-boot-code',
      source: 'ee2ab467bddf (x86/boot: Use -std=gnu11): gcc 15 takes bool and false for keywords',
      when: [
        { gcc: 15 },
        { file: MAKEFILE, has: /-std=gnu/ },
        { file: 'arch/x86/boot/compressed/Makefile', lacks: /-std=gnu/ },
      ],
      adds: { cc: ['-std=gnu11'] },
    },
    {
      name: 'pointer-types',
      source:
        'Makefile: -Werror=incompatible-pointer-types is in trees that are clean of them; gcc 14 has it by itself',
      when: [
        { gcc: 14 },
        { file: X86, has: /./ },
        { file: MAKEFILE, lacks: /Werror=incompatible-pointer-types/ },
      ],
      adds: { cc: ['-Wno-incompatible-pointer-types', '-Wno-int-conversion'] },
    },
    {
      name: 'compiler-header',
      source:
        'cb984d101b30 (compiler-gcc: integrate the various compiler-gcc[345].h files): one for each compiler before',
      when: [...noHeader, { present: 'include/linux/compiler-gcc5.h' }],
      adds: { copies: { [header]: 'include/linux/compiler-gcc5.h' } },
    },
    {
      name: 'compiler-header',
      source:
        'cb984d101b30 (compiler-gcc: integrate the various compiler-gcc[345].h files): one for each compiler before',
      when: [
        ...noHeader,
        { absent: 'include/linux/compiler-gcc5.h' },
        { present: 'include/linux/compiler-gcc4.h' },
      ],
      adds: { copies: { [header]: 'include/linux/compiler-gcc4.h' } },
    },
    {
      name: 'max-page-size',
      source:
        'e3d03598e8ae (x86/build/64: Force the linker to use 2MB page size): else the kernel resets before its first word',
      when: [{ binutils: [2, 31] }, { file: X86, lacks: /max-page-size/ }],
      adds: { ldflags: ['-z', 'max-page-size=0x200000'] },
    },
    {
      name: 'early-idt-handlers',
      source: '425be5679fd2 (x86/asm/irq: Stop relying on magic JMP behavior for early_idt_handlers)',
      when: [
        { file: 'arch/x86/kernel/head_64.S', has: /^early_idt_handlers:/m },
        { file: 'arch/x86/kernel/head_64.S', has: /^\tjmp early_idt_handler$/m },
      ],
      adds: { patch: 'early-idt-handlers.patch' },
    },
    {
      name: 'make-escape',
      source:
        '9564a8cf422d (Kbuild: fix # escaping in .cmd files for future Make): else each build compiles the whole tree',
      when: [
        {
          file: 'scripts/Kbuild.include',
          has: /^make-cmd = \$\(subst \\\\,\\\\\\\\,\$\(subst \\#,\\\\\\#,/m,
        },
      ],
      adds: { patch: 'make-escape.patch' },
    },
    {
      name: 'version-h',
      source: "RHEL 8's scripts/mod/Makefile, with an output folder of its own (O=): it writes into the tree",
      when: [{ file: 'scripts/mod/Makefile', has: /^\$\(version_h\): FORCE\n\t\$\(Q\)\$\(MAKE\) \$@$/m }],
      adds: { patch: 'version-h.patch' },
    },
    {
      name: 'no-werror',
      source:
        "RHEL 8's Makefile: warnings of newer compilers than its own are errors, unless DISABLE_WERROR is 1",
      when: [{ gcc: 9 }, { file: MAKEFILE, has: /^ifneq \(\$\(DISABLE_WERROR\),1\)$/m }],
      adds: { make: { DISABLE_WERROR: '1' } },
    },
    {
      name: 'no-ikconfig',
      source: "RHEL 8's init/Kconfig: bin2c, which packs /proc/config.gz, is built for KEXEC_FILE alone",
      when: [
        { file: 'init/Kconfig', has: /^config BUILD_BIN2C$/m },
        { file: 'init/Kconfig', lacks: /select BUILD_BIN2C/ },
        { file: 'kernel/Makefile', has: /scripts\/basic\/bin2c/ },
      ],
      adds: { options: { CONFIG_IKCONFIG: 'n', CONFIG_IKCONFIG_PROC: 'n' } },
    },
    {
      name: 'no-tail-calls',
      source:
        'a9a3ed1eff36 (x86: Fix early boot crash on gcc-10): the stack protector panics in start_secondary()',
      when: [
        { gcc: 10 },
        { file: 'arch/x86/kernel/smpboot.c', has: /\bstart_secondary\(/ },
        { file: 'include/linux/compiler.h', lacks: /prevent_tail_call_optimization/ },
        { file: 'init/main.c', lacks: /prevent_tail_call_optimization|no_stack_protector/ },
      ],
      adds: {
        make: {
          'CFLAGS_smpboot.o': '-fno-optimize-sibling-calls',
          'CFLAGS_main.o': '-fno-optimize-sibling-calls',
        },
      },
    },
    {
      name: 'common-order',
      source:
        'df6d4f9db79c (x86/boot/compressed: Do not declare __force_order in kaslr_64.c): gcc 10 allows one definition',
      when: [
        { gcc: 10 },
        { file: 'arch/x86/boot/compressed/kaslr_64.c', has: /^unsigned long __force_order;/m },
      ],
      adds: { cc: ['-fcommon'] },
    },
    {
      name: 'common-order',
      source: 'df6d4f9db79c (x86/boot/compressed), where kaslr_64.c is called pagetable.c',
      when: [
        { gcc: 10 },
        { file: 'arch/x86/boot/compressed/pagetable.c', has: /^unsigned long __force_order;/m },
        { file: 'arch/x86/boot/compressed/pgtable_64.c', has: /^unsigned long __force_order;/m },
      ],
      adds: { cc: ['-fcommon'] },
    },
    {
      name: 'host-common',
      source:
        'e33a814e772c (scripts/dtc: Remove redundant YYLOC global declaration): gcc 10 allows one definition',
      when: [{ gcc: 10 }, { file: 'scripts/dtc/dtc-lexer.l', has: /^YYLTYPE yylloc;/m }],
      adds: { hostcc: ['-fcommon'] },
    },
    {
      name: 'host-realloc',
      source:
        '52a9dab6d892 (libsubcmd: Fix use-after-free for realloc(..., 0)): gcc 12 warns, and objtool takes that for an error',
      when: [
        { gcc: 12 },
        { file: 'tools/lib/subcmd/subcmd-util.h', has: /= realloc\(ptr, size\);\s+if \(!ret && !size\)/ },
      ],
      adds: { hostcc: ['-Wno-use-after-free'] },
    },
    {
      name: 'empty-symtab',
      source:
        'de979c83574a (x86/entry: Build thunk_$(BITS) only if CONFIG_PREEMPTION=y): binutils 2.36 leaves out a symbol table without symbols, which objtool wants',
      when: [
        { binutils: [2, 36] },
        { present: 'tools/objtool/Makefile' },
        { file: 'arch/x86/entry/Makefile', has: /obj-y\s*[:+]=.*thunk_\$\(BITS\)\.o/ },
      ],
      adds: { make: { 'AFLAGS_thunk_64.o': '-Wa,--defsym,thunk_64_has_a_symbol=0' } },
    },
    {
      name: 'weak-only',
      source:
        '6e7b64b9dd6d (elfcore: fix building with clang): recordmcount finds no symbol in a file of weak functions alone',
      when: [{ binutils: [2, 36] }, { file: X86, has: /./ }, { present: 'kernel/elfcore.c' }],
      adds: { make: { 'CFLAGS_REMOVE_elfcore.o': '-pg' } },
    },
    {
      name: 'rhel7',
      source: 'Makefile: RHEL_MAJOR = 7; the tree is only ever built with what the vendor switches on',
      when: [{ file: MAKEFILE, has: /^RHEL_MAJOR\s*=\s*7\s*$/m }],
      adds: { fragment: 'rhel7.config' },
    },
    {
      name: 'rhel8',
      source:
        'Makefile.rhelver: RHEL_MAJOR = 8; the tree is only ever built with what the vendor switches on',
      when: [{ file: 'Makefile.rhelver', has: /^RHEL_MAJOR\s*=\s*8\s*$/m }],
      adds: { fragment: 'rhel8.config' },
    },
    {
      name: 'irq-remap',
      source: 'arch/x86/Kconfig: X86_X2APIC depends on IRQ_REMAP, later on that or HYPERVISOR_GUEST',
      when: [{ file: 'arch/x86/Kconfig', has: /config X86_X2APIC\n.*\n\s*depends on .*&& IRQ_REMAP\n/ }],
      adds: { options: { CONFIG_IOMMU_SUPPORT: 'y', CONFIG_IRQ_REMAP: 'y' } },
    },
    {
      name: 'smap',
      source:
        '4640c7ee9b89 (x86, smap: smap_violation() is bogus if CONFIG_X86_SMAP is off): no program can be started where the CPU has SMAP',
      when: [
        { file: 'arch/x86/Kconfig', has: /config X86_SMAP\n/ },
        { file: 'arch/x86/mm/fault.c', has: /\bsmap_violation\(/ },
        { file: 'arch/x86/mm/fault.c', lacks: /CONFIG_X86_SMAP/ },
      ],
      adds: { options: { CONFIG_X86_SMAP: 'y' } },
    },
    {
      name: 'old-no-hz',
      source:
        'drivers/cpuidle/Kconfig: the menu governor depends on NO_HZ, which 3.10 made the old name of NO_HZ_IDLE',
      when: [
        { file: 'drivers/cpuidle/Kconfig', has: /config CPU_IDLE_GOV_MENU\n.*\n\s*depends on .*\bNO_HZ\n/ },
      ],
      adds: { options: { CONFIG_NO_HZ: 'y' } },
    },
    {
      name: 'xen-pvhvm',
      source: 'arch/x86/xen/Kconfig: XEN_PVHVM is what XEN_PVHVM_GUEST is called since',
      when: [
        { file: 'arch/x86/xen/Kconfig', has: /^config XEN_PVHVM\n\s*bool "/m },
        { file: 'arch/x86/xen/Kconfig', lacks: /XEN_PVHVM_GUEST/ },
      ],
      adds: { options: { CONFIG_XEN_PVHVM: 'y' } },
    },
  ];
}
