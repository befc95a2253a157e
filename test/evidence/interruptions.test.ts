// What held a machine up, told from what every boot says of the same parts of the kernel.
import { describe, expect, test } from 'vitest';
import { pastedFacts } from '../verdict/capture-file.ts';

const isInterruption = (text: string): boolean =>
  pastedFacts(Buffer.from(`[    1.000000] ${text}\n`)).interruptions.length === 1;

describe('of sleep', () => {
  test.each([
    'PM: suspend exit',
    'PM: noirq resume of devices complete after 12.345 msecs',
    'PM: resume of devices complete after 512.345 msecs',
    'PM: suspend devices took 0.512 seconds',
    ...['late suspend', 'early resume', 'freeze', 'quiesce', 'hibernate', 'thaw', 'restore', 'recover'].map(
      (verb) => `PM: ${verb} of devices complete after 12.345 msecs`,
    ),
    'PM: Syncing filesystems ... done.',
    'PM: Preparing system for mem sleep',
    'PM: Entering mem sleep',
    'PM: Finishing wakeup.',
    'PM: Saving platform NVS memory',
    'PM: Restoring platform NVS memory',
    'OOM killer enabled.',
    'Restarting tasks ... done.',
    'PM: hibernation: hibernation entry',
    'PM: hibernation: hibernation exit',
    'PM: hibernation exit',
    'PM: hibernation: Creating image:',
    'PM: Creating hibernation image:',
    'PM: hibernation: Preallocating image memory',
    'PM: hibernation: Allocated 512345 pages for snapshot',
    'PM: hibernation: Read 1234 kbytes in 0.12 seconds (10.28 MB/s)',
    'PM: hibernation: Need to copy 512345 pages',
    'PM: hibernation: Image created (512345 pages copied, 0 zero pages)',
    'PM: Saving image data pages (512345 pages)...',
    'PM: Image saving progress:  10%',
    'PM: Wrote 2049380 kbytes in 4.12 seconds (497.42 MB/s)',
    'PM: Loading image data pages (512345 pages)...',
    'PM: Image loading progress:  10%',
    'PM: Image restored successfully.',
    'PM: hibernation: Image restored successfully.',
  ])('%s', (text) => {
    expect(isInterruption(text)).toBe(true);
  });
});

test.each([
  'INFO: rcu_sched self-detected stall on CPU',
  'INFO: rcu_sched detected stalls on CPUs/tasks:',
  'rcu: INFO: rcu_preempt self-detected stall on CPU',
  'NMI watchdog: Watchdog detected hard LOCKUP on cpu 1',
  'clocksource: Long readout interval, skipping watchdog check: cs_nsec: 1000000000 wd_nsec: 1000000000',
  'guest was paused',
  'guest stopped',
])('of a stall or a pause: %s', (text) => {
  expect(isInterruption(text)).toBe(true);
});

describe('of an NMI handler', () => {
  const took = (ms: string) => `INFO: NMI handler (perf_event_nmi_handler) took too long to run: ${ms} msecs`;
  test.each(['250.123', '10.000'])('%s ms', (ms) => {
    expect(isInterruption(took(ms))).toBe(true);
  });
  test.each(['1.250', '9.999'])('%s ms is none', (ms) => {
    expect(isInterruption(took(ms))).toBe(false);
  });
});

describe('not what a boot says', () => {
  test.each([
    'PM: hibernation: Registered nosave memory: [mem 0x00000000-0x00000fff]',
    'PM: Registered nosave memory: [mem 0x0009f000-0x000fffff]',
    'PM: hibernation: hibernation: Hibernation image not present or could not be loaded.',
    'PM: Hibernation image not present or could not be loaded.',
    'PM: Checking hibernation image partition /dev/sda2',
    'PM: Hibernation image partition 8:2 present',
    'PM: hibernation: Marking nosave pages: [mem 0x00000000-0x00000fff]',
    'PM: hibernation: Basic memory bitmaps created',
    'PM: Starting manual resume from disk',
    'PM: hibernation: resume from hibernation',
  ])('%s', (text) => {
    expect(isInterruption(text)).toBe(false);
  });
});
