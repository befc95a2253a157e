// A thread that takes all the memory it gets.
const taken: object[] = [];
for (;;) taken.push({ at: taken.length });
