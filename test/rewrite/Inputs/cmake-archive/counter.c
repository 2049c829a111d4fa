__thread int counter = 1;
int count(void) { return ++counter; }
