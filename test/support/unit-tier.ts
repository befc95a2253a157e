/** What holds unit tests to their tier: whatever the host has installed, they find no program but Node in PATH. */
import { join } from 'node:path';

process.env.PATH = join(import.meta.dirname, '..', '..', 'node_modules', 'node', 'bin');
