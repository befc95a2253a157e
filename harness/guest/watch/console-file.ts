/** Reads what QEMU has added to the console file since the last look. */
import { type FileHandle, open } from 'node:fs/promises';

const CHUNK_BYTES = 256 * 1024;

export interface Growth {
  /** Whole lines; a line that is not finished yet waits for the next look. */
  readonly lines: string;
  readonly bytes: number;
}

export interface ConsoleFile {
  readMore(): Promise<Growth>;
  /** Keeps only the first bytes: after a flood. */
  cut(bytes: number): Promise<void>;
  close(): Promise<void>;
}

/**
 * QEMU writes to a file and not to a pipe: a pipe that we empty too slowly would make the serial port report
 * itself busy, and so change what the guest does (serial_xmit() in QEMU's hw/char/serial.c).
 */
export async function openConsoleFile(path: string): Promise<ConsoleFile> {
  const file: FileHandle = await open(path, 'r+');
  const buffer = Buffer.alloc(CHUNK_BYTES);
  let position = 0;
  let partial = '';
  return {
    readMore: async () => {
      const { bytesRead } = await file.read(buffer, 0, CHUNK_BYTES, position);
      position += bytesRead;
      const text = partial + buffer.toString('latin1', 0, bytesRead);
      const end = text.lastIndexOf('\n') + 1;
      // A guest that never ends its line must not fill our memory.
      partial = text.length - end > CHUNK_BYTES ? '' : text.slice(end);
      return { lines: text.slice(0, end), bytes: bytesRead };
    },
    cut: (bytes) => file.truncate(bytes),
    close: () => file.close(),
  };
}
