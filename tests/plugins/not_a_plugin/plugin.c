/* A shared library that has nothing to do with modhost. */
__attribute__((visibility("default"))) int acme_answer(void);
int acme_answer(void) { return 42; }
