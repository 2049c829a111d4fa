// Address-of, arrays with an index register, structs, pointers that escape.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
struct node { struct node *next; int key; short tag; char name[6]; };
__thread struct node one;
__thread struct node nodes[10];
extern __thread struct node ext[10];
static __thread int ints[100];
__thread char bytes[100];
__thread long longs[100];
__thread int grid[8][8];
__thread union { int i; char c[4]; } mixed;
__thread struct { int a; struct { int b[4]; long c; } in; } nested;
void use(void *);

void *addr(void) { return &one; }
void *field(void) { return &one.name[2]; }
void *element(long i) { return &nodes[i]; }
void *ext_field(long i) { return &ext[i].tag; }
long difference(void) { return (char *)&nodes[3] - (char *)&one; }
int same(void *p) { return p == &one; }
int below(void *p) { return (char *)p < (char *)bytes; }
void escape(void) { use(&one); use(&nodes[4]); use(bytes); }
struct node *chain(void) { one.next = &nodes[0]; return one.next; }
int at(long i) { return ints[i]; }
int at32(int i) { return ints[i]; }
int atu(unsigned i) { return ints[i]; }
int at8(unsigned char i) { return bytes[i]; }
int scaled(long i) { return ints[i * 3 + 5]; }
int before(void) { return *(&ints[0] + one.key - 7); }
void put(long i, int v) { ints[i] = v; }
void add(long i, int v) { ints[i] += v; }
void inc(long i) { longs[i]++; }
int both(long i, long j) { return ints[i] * grid[i][j]; }
char byte(long i) { return bytes[i + 17]; }
int key(long i) { return nodes[i].key; }
int ext_key(long i) { return ext[i].key; }
short tag(long i, short v) { short o = nodes[i].tag; nodes[i].tag = v; return o; }
char name(long i, long j) { return nodes[i].name[j]; }
int compare(long i, long j) { return ints[i] < longs[j]; }
long through(long i) { return longs[ints[i]]; }
int in(int i) { return nested.in.b[i] + (int)nested.in.c + nested.a; }
int pun(int v, int i) { mixed.i = v; return mixed.c[i & 3]; }
int *pick(int c) { return c ? &ints[3] : &grid[2][1]; }
int picked(int c) { return *(c ? &ints[3] : &one.key); }
struct node copy_out(void) { return one; }
void copy_in(struct node n) { one = n; }
void copy_across(int i, int j) { nodes[i] = ext[j]; }
void swap(int i, int j) { struct node t = nodes[i]; nodes[i] = nodes[j]; nodes[j] = t; }
int sum(int n) { int s = 0; for (int i = 0; i < n; i++) s += ints[i]; return s; }
int find(int k) { for (int i = 0; i < 10; i++) if (nodes[i].key == k) return i; return -1; }
int walk(void) { int n = 0; for (struct node *p = &one; p; p = p->next) n += p->key; return n; }
void clear(void) { for (int i = 0; i < 100; i++) longs[i] = 0; }
void row(int r) { for (int c = 0; c < 8; c++) grid[r][c] = c * r; }
long hoisted(int n) {
  long s = 0;
  for (int i = 0; i < n; i++) { use(0); s += longs[i] + ext[0].key + one.key; }
  return s;
}
int recursion(int n) { one.key++; return n ? recursion(n - 1) + one.key : one.key; }
