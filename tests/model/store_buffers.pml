/* The store buffers of a processor like x86, for models of fences. A core's stores go through its buffer, first in
 * first out, and are brought out at any moment; its loads look there first; a locked instruction, and a fence, wait
 * until it is empty. Weaker processors have the orders that the headers ask for (acquire, release), and nothing is
 * shown of them. A light fence only keeps the compiler from changing the order of what is before and after it: no step.
 * A heavy one makes the core named pass a fence while its caller waits: here the moment at which that buffer is empty.
 * The includer defines CORES, PLACES and DEPTH, the stores a buffer holds; `me` is the core of a process. */
typedef core { byte stores, place[DEPTH], value[DEPTH] };
core cores[CORES];
byte memory[PLACES];
hidden byte k;

inline bring_out(c) {
  memory[cores[c].place[0]] = cores[c].value[0];
  for (k : 1 .. DEPTH - 1) { cores[c].place[k - 1] = cores[c].place[k]; cores[c].value[k - 1] = cores[c].value[k] }
  cores[c].place[DEPTH - 1] = 0; cores[c].value[DEPTH - 1] = 0;
  cores[c].stores--
}

active proctype store_buffers() {
end: do
  :: d_step { cores[0].stores > 0 -> bring_out(0) }
#if CORES > 1
  :: d_step { cores[1].stores > 0 -> bring_out(1) }
#endif
#if CORES > 2
  :: d_step { cores[2].stores > 0 -> bring_out(2) }
#endif
  od
}

inline store(where, what) {
  d_step {
    cores[me].stores < DEPTH ->
    cores[me].place[cores[me].stores] = where; cores[me].value[cores[me].stores] = what;
    cores[me].stores++
  }
}
inline load(into, where) {
  d_step {
    into = memory[where];
    for (k : 1 .. cores[me].stores) {
      if :: cores[me].place[k - 1] == where -> into = cores[me].value[k - 1] :: else fi
    }
    k = 0
  }
}
#define fenced (cores[me].stores == 0)
#define others_fence(c) (cores[c].stores == 0)
