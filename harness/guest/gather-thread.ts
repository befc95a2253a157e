/** The thread of gather.ts. */
import { gatherAll } from '../evidence/gather.ts';
import { answerWork } from '../host/worker.ts';

answerWork(gatherAll);
