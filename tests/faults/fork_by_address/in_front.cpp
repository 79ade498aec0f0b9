// Linked in front of a program it makes another program: every offset means something else.
volatile int changes = 5;
int in_front(int number) { return number * changes + changes; }
