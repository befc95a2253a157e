/** The console of the appliance (L1) as facts: its own state, what became of the guest's QEMU, what QEMU said. */
import { findTroubles, type Trouble, type TroubleKind } from './appliance-troubles.ts';
import { readConsole } from './console.ts';
import { type DecodedExits, decodeExitsHex } from './exits.ts';
import { type At, type FrameText, joinContinued, unescapeBytes, unescapeText } from './frame-texts.ts';
import { collectFrames, type FrameCounts, kernelLines } from './frames.ts';
import { numbers, pairs } from './report-fields.ts';

export type { Trouble, TroubleKind };

/** `over`: the guest's QEMU ended by itself; `limit`, `silence`: it was ended; `fault`: the appliance could not go on. */
const APPLIANCE_STATES = ['over', 'limit', 'silence', 'fault'] as const;
type ApplianceState = (typeof APPLIANCE_STATES)[number];

export interface ApplianceEvidence {
  readonly consoleLines: number;
  /** `l1begin`, `l1end` and every frame between arrived, and no two copies contradict each other. */
  readonly complete: boolean;
  readonly counts: FrameCounts;
  readonly protocol: number | null;
  /** Offset of the byte after the line of the `l1end` frame; null if it never came. */
  readonly transcriptEnd: number | null;
  readonly kernel: At<{ readonly release: string; readonly version: string }> | null;
  readonly clock: At<{ readonly current: string; readonly tNs: number | null }> | null;
  /** From `l1end`. */
  readonly state: ApplianceState | null;
  /** Why the appliance could not go on. */
  readonly fault: At<string> | null;
  readonly guest: GuestLife;
  /** How far the appliance was known to be: its clock, and the bytes of the guest's console that it had passed on. */
  readonly lastBeat: At<{ readonly tNs: number; readonly consoleBytes: number }> | null;
  readonly stderr: readonly At<string>[];
  /** What QEMU sent over QMP, in order: parsed JSON, and not to be trusted. */
  readonly qmp: readonly At<unknown>[];
  /** QMP lines that are not JSON. */
  readonly qmpBroken: readonly At<string>[];
  /** Null if no counts were sent. */
  readonly exits: DecodedExits | null;
  readonly troubles: readonly Trouble[];
}

/** The guest's QEMU, in the appliance's time. */
interface GuestLife {
  readonly startNs: number | null;
  readonly endNs: number | null;
  readonly ended: Exclude<ApplianceState, 'fault'> | null;
  /** Null if it did not exit, or nothing is known of it. */
  readonly exitCode: number | null;
  readonly signal: number | null;
}

/** Pure: never throws, whatever the bytes are. A guest cannot write here; QEMU's words in it are not trusted. */
export function gatherAppliance(bytes: Uint8Array, nonce: string): ApplianceEvidence {
  const lines = readConsole(bytes);
  const { frames, counts, transcriptEnd } = collectFrames(lines, nonce, 'l1end');
  const texts = joinContinued(frames, '');
  const all = (kind: string): FrameText[] => texts.filter((text) => text.kind === kind);
  const last = (kind: string): FrameText | null => all(kind).at(-1) ?? null;
  const fields = (kind: string): Record<string, string> => pairs(last(kind)?.payload ?? '');
  const qmp = all('l2qmp').map(readQmp);
  const exits = last('l2exits');
  return {
    consoleLines: lines.at(-1)?.n ?? 0,
    complete:
      transcriptEnd !== null &&
      counts.missing === 0 &&
      counts.conflicts === 0 &&
      frames[0]?.kind === 'l1begin' &&
      frames.at(-1)?.kind === 'l1end',
    counts,
    protocol: numbers(fields('l1begin'), 'protocol'),
    transcriptEnd,
    kernel: kernelOf(last('l1uname')),
    clock: clockOf(last('l1clock')),
    state: APPLIANCE_STATES.find((state) => state === fields('l1end').state) ?? null,
    fault: textOf(last('l1fault')),
    guest: guestLife(fields('l2start'), fields('l2end')),
    lastBeat: beatOf(last('l1beat')),
    stderr: all('l2stderr').map(safe),
    qmp: qmp.flatMap((line) => (line.kind === 'json' ? [line.at] : [])),
    qmpBroken: qmp.flatMap((line) => (line.kind === 'broken' ? [line.at] : [])),
    exits: exits === null ? null : decodeExitsHex(exits.payload),
    troubles: findTroubles(kernelLines(lines, 'l2')),
  };
}

function safe(text: FrameText): At<string> {
  return { value: unescapeText(text.payload), lines: text.lines };
}

function textOf(text: FrameText | null): At<string> | null {
  return text === null ? null : safe(text);
}

function kernelOf(text: FrameText | null): ApplianceEvidence['kernel'] {
  if (text === null) return null;
  const { value, lines } = safe(text);
  const at = value.indexOf(' ');
  return {
    value: { release: at < 0 ? value : value.slice(0, at), version: at < 0 ? '' : value.slice(at + 1) },
    lines,
  };
}

function clockOf(text: FrameText | null): ApplianceEvidence['clock'] {
  if (text === null) return null;
  const table = pairs(text.payload);
  return {
    value: { current: unescapeText(table.current ?? ''), tNs: numbers(table, 't_ns') },
    lines: text.lines,
  };
}

function beatOf(text: FrameText | null): ApplianceEvidence['lastBeat'] {
  const table = pairs(text?.payload ?? '');
  const [tNs, consoleBytes] = [numbers(table, 't_ns'), numbers(table, 'console')];
  return text === null || tNs === null || consoleBytes === null
    ? null
    : { value: { tNs, consoleBytes }, lines: text.lines };
}

function guestLife(start: Record<string, string>, end: Record<string, string>): GuestLife {
  // WIFSIGNALED and WIFEXITED exclude each other: the appliance sends -1 and 0 for what is not so.
  const signal = numbers(end, 'signal');
  return {
    startNs: numbers(start, 't_ns'),
    endNs: numbers(end, 't_ns'),
    ended: (['over', 'limit', 'silence'] as const).find((state) => state === end.state) ?? null,
    exitCode: numbers(end, 'exit'),
    signal: signal === 0 ? null : signal,
  };
}

type QmpLine =
  | { readonly kind: 'json'; readonly at: At<unknown> }
  | { readonly kind: 'broken'; readonly at: At<string> };

/** QEMU's answers and events are small and flat; what is deeper cannot be walked without running out of stack. */
const QMP_MAX_CHARS = 64 * 1024;
const QMP_MAX_DEPTH = 64;

function isTooDeep(text: string): boolean {
  let depth = 0;
  // Brackets within texts count too: QEMU's own have none.
  for (const [bracket] of text.matchAll(/[[\]{}]/g)) {
    depth += bracket === '[' || bracket === '{' ? 1 : -1;
    if (depth > QMP_MAX_DEPTH) return true;
  }
  return false;
}

function readQmp(text: FrameText): QmpLine {
  if (text.payload.length > QMP_MAX_CHARS || isTooDeep(text.payload))
    return { kind: 'broken', at: safe(text) };
  try {
    const json: unknown = JSON.parse(Buffer.from(unescapeBytes(text.payload)).toString('utf8'));
    return { kind: 'json', at: { value: json, lines: text.lines } };
  } catch {
    return { kind: 'broken', at: safe(text) };
  }
}
