/** All that was seen of one boot, before anything is made of it. */
import type { ApplianceEvidence } from '../../evidence/appliance.ts';
import type { QmpEvent } from '../machine/qmp.ts';
import type { Launch, MachineFacts } from '../types.ts';
import type { ConsoleState } from '../watch/console-watch.ts';
import type { Ending } from './ending.ts';

/** Why we ended a QEMU that ran. */
export type Stop =
  /** More console bytes than the limit. */
  | { readonly kind: 'flood' }
  /** QEMU went on after the guest's end marker, or its panic. */
  | { readonly kind: 'last-word' }
  /** Guest time stood still; `ran`: while QEMU used its CPU. */
  | { readonly kind: 'frozen'; readonly ran: boolean; readonly detail: string }
  /** Not a byte came, ever. */
  | { readonly kind: 'silent'; readonly wallMs: number }
  /** `wallMs` without a byte; `moved`: guest time was seen to go on meanwhile. */
  | {
      readonly kind: 'stalled';
      readonly limit: 'wall' | 'guest-time';
      readonly wallMs: number;
      readonly moved: boolean;
      readonly detail: string;
    }
  /** The limit on the whole in wall time, and for how long nothing had come then. */
  | { readonly kind: 'deadline'; readonly wallMs: number; readonly silentMs: number };

export interface QemuExit {
  readonly exitCode: number | null;
  readonly signal: string | null;
  readonly stderr: string;
}

export interface Seen {
  readonly launch: Pick<Launch, 'guest' | 'nested'>;
  /** The guest's console. */
  readonly console: ConsoleState;
  readonly floodBytes: number;
  /** Null: QEMU ended by itself. */
  readonly stop: Stop | null;
  /** Of the QEMU that we started, as its words and events; of a nested guest, the appliance's. */
  readonly exit: QemuExit;
  readonly events: readonly QmpEvent[];
  readonly outer: MachineFacts | null;
  /** The machine under test: `outer`, but of a nested guest what the appliance passed on. */
  readonly machine: MachineFacts | null;
  /** Why QEMU's files could not have grown further; null if they could. */
  readonly full: string | null;
  /** Of a nested guest only. */
  readonly appliance: ApplianceEvidence | null;
}

/** Null: it has nothing to say of this boot. */
export type Rule = (seen: Seen) => Ending | null;
