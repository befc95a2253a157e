/*
 * A kernel that shows an interrupt being delivered twice by an emulated AMD CPU.
 *
 * It runs a guest (VMRUN) with an injected external interrupt (EVENTINJ), again and again. The guest's handler counts
 * its entries, spins for a while with interrupts disabled, and leaves (VMMCALL). It has to be entered exactly once in
 * each round. Nothing else interrupts: the PIT ticks, with its line masked, only so that an emulator that counts
 * instructions (-icount) has to stop now and then, in the handler too.
 *
 * 32-bit, no paging, no libraries; a multiboot image. The register and structure layouts are those of the AMD64
 * Architecture Programmer's Manual, volume 2, chapter 15 and appendices B and C.
 */
typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;

#define ROUNDS 20000
#define VECTOR 0x40
#define PIT_DIVISOR 12 /* about 10 us */

#define MSR_EFER 0xc0000080
#define EFER_SVME (1 << 12)
#define MSR_VM_HSAVE_PA 0xc0010117
#define EVENTINJ_VALID (1u << 31)
#define EXIT_VMMCALL 0x81

struct segment {
	u16 selector, attributes;
	u32 limit;
	u64 base;
};

/* The fields that are used here; the rest is zero. */
struct vmcb {
	u8 pad0[0x010];
	u32 intercept_vmrun_and_on;
	u8 pad1[0x058 - 0x014];
	u32 asid;
	u8 pad2[0x070 - 0x05c];
	u64 exit_code;
	u8 pad3[0x0a8 - 0x078];
	u32 event_inject, event_inject_error;
	u8 pad4[0x400 - 0x0b0];
	struct segment es, cs, ss, ds, fs, gs, gdtr, ldtr, idtr, tr;
	u8 pad5[0x4d0 - 0x4a0];
	u64 efer;
	u8 pad6[0x558 - 0x4d8];
	u64 cr0, dr7, dr6, rflags, rip;
	u8 pad7[0x5d8 - 0x580];
	u64 rsp;
	u8 pad8[0x1000 - 0x5e0];
};

_Static_assert(sizeof(struct vmcb) == 4096, "a VMCB is a page");
_Static_assert(__builtin_offsetof(struct vmcb, idtr) == 0x480, "IDTR");
_Static_assert(__builtin_offsetof(struct vmcb, rip) == 0x578, "RIP");

static struct vmcb vmcb __attribute__((aligned(4096)));
static u8 host_save[4096] __attribute__((aligned(4096)));
static u8 guest_stack[4096] __attribute__((aligned(16)));
u8 host_stack[4096] __attribute__((aligned(16)));
volatile u32 entries;

static u64 gdt[] = { 0, 0x00cf9b000000ffffULL, 0x00cf93000000ffffULL };
static u64 idt[VECTOR + 1];

struct __attribute__((packed)) table {
	u16 limit;
	u32 base;
};

void guest(void);
void handler(void);

/* The multiboot header (flags 0), the start, the guest and its handler. */
asm(".section .multiboot, \"a\"\n"
    ".align 4\n"
    ".long 0x1badb002, 0, -0x1badb002\n"
    ".text\n"
    ".globl _start\n"
    "_start: mov $host_stack + 4096, %esp\n"
    "	call main\n"
    "guest:	hlt\n"
    "	jmp guest\n"
    "handler: incl entries\n"
    "	mov $2000, %ecx\n"
    "1:	loop 1b\n"
    "	vmmcall\n");

static void outb(u16 port, u8 value)
{
	asm volatile("outb %0, %1" : : "a"(value), "Nd"(port));
}

static void put(const char *text)
{
	for (; *text; text++)
		outb(0x3f8, *text);
}

static void put_number(u32 value)
{
	char digits[11], *at = digits + 10;

	*at = 0;
	do
		*--at = '0' + value % 10;
	while (value /= 10);
	put(at);
}

static _Noreturn void finish(u8 code)
{
	outb(0xf4, code); /* isa-debug-exit: QEMU ends with code * 2 + 1 */
	for (;;)
		asm volatile("hlt");
}

static u64 rdmsr(u32 msr)
{
	u32 low, high;

	asm volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(msr));
	return low | (u64)high << 32;
}

static void wrmsr(u32 msr, u64 value)
{
	asm volatile("wrmsr" : : "c"(msr), "a"((u32)value), "d"((u32)(value >> 32)));
}

static int has_svm(void)
{
	u32 a = 0x80000001, b, c, d;

	asm volatile("cpuid" : "+a"(a), "=b"(b), "=c"(c), "=d"(d));
	return c >> 2 & 1;
}

static void load_tables(void)
{
	struct table gdtr = { sizeof(gdt) - 1, (u32)gdt };

	asm volatile("lgdt %0\n"
		     "ljmp $8, $1f\n"
		     "1: mov %1, %%ds\n"
		     "mov %1, %%es\n"
		     "mov %1, %%ss\n"
		     : : "m"(gdtr), "r"(16) : "memory");
	/* An interrupt gate: the handler runs with IF clear. */
	idt[VECTOR] = ((u32)handler & 0xffff) | 8 << 16 | 0x8e00ULL << 32 | (u64)((u32)handler >> 16) << 48;
}

static void tick(void)
{
	outb(0x21, 0xff); /* both interrupt controllers masked */
	outb(0xa1, 0xff);
	outb(0x43, 0x34); /* channel 0, low and high byte, rate generator */
	outb(0x40, PIT_DIVISOR);
	outb(0x40, 0);
}

static void prepare(void)
{
	struct segment code = { 8, 0xc9b, ~0u, 0 }, data = { 16, 0xc93, ~0u, 0 };

	vmcb.intercept_vmrun_and_on = 3; /* VMRUN and VMMCALL */
	vmcb.asid = 1;
	vmcb.cs = code;
	vmcb.ds = vmcb.es = vmcb.ss = vmcb.fs = vmcb.gs = data;
	vmcb.gdtr.limit = sizeof(gdt) - 1;
	vmcb.gdtr.base = (u32)gdt;
	vmcb.idtr.limit = sizeof(idt) - 1;
	vmcb.idtr.base = (u32)idt;
	vmcb.efer = EFER_SVME;
	vmcb.cr0 = 0x11;
	vmcb.dr6 = 0xffff0ff0;
	vmcb.dr7 = 0x400;
	wrmsr(MSR_EFER, rdmsr(MSR_EFER) | EFER_SVME);
	wrmsr(MSR_VM_HSAVE_PA, (u32)host_save);
}

/* Runs the guest once; returns how often its handler was entered. */
static u32 round(void)
{
	entries = 0;
	vmcb.rflags = 0x202;
	vmcb.rip = (u32)guest;
	vmcb.rsp = (u32)guest_stack + sizeof(guest_stack);
	vmcb.event_inject = EVENTINJ_VALID | VECTOR;
	asm volatile("clgi\n"
		     "vmrun %%eax\n"
		     "stgi\n"
		     : : "a"(&vmcb) : "ebx", "ecx", "edx", "esi", "edi", "memory", "cc");
	if (vmcb.exit_code != EXIT_VMMCALL) {
		put("svm-inject: unexpected exit ");
		put_number(vmcb.exit_code);
		put("\n");
		finish(2);
	}
	return entries;
}

int main(void)
{
	u32 once = 0, more = 0;

	if (!has_svm()) {
		put("svm-inject: this CPU has no SVM\n");
		finish(2);
	}
	load_tables();
	prepare();
	tick();
	for (u32 i = 0; i < ROUNDS; i++) {
		if (round() == 1)
			once++;
		else
			more++;
	}
	put("svm-inject: of ");
	put_number(ROUNDS);
	put(" injected interrupts, ");
	put_number(once);
	put(" were delivered once, ");
	put_number(more);
	put(" more than once\n");
	finish(more ? 1 : 0);
}
