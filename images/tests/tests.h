/* The user's own tests, run once the probe has seen all that a verdict rests on. See docs/probe-protocol.md. */
#ifndef TESTS_H
#define TESTS_H

/* Runs each test of TESTS_PLAN as a child, and sends its test, testout, testerr and testend frames. */
void run_tests(void);

/* What the end frame names, so that no test can write one; empty where there was no plan. */
const char *tests_key(void);

#endif
