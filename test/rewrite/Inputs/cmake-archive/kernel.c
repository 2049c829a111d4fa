int count(void);
int remember(int value);
void start(void) { remember(count()); }
