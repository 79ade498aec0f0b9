/* worker/chase_lev_deque.hpp, and what worker/fork_job.hpp makes of steal_since(): an owner who pushes and pops,
 * thieves who steal, and a waiter who steals back. Names are the headers'; a step here is one atomic operation there,
 * the owner's stores go through store_buffers.pml. Left out: size(); parts within parts.
 * The owner has stolen a part, for which the waiter waits. He pushes something, begins the part (mark_), pushes for it,
 * ends it (over) when he has popped what of it has not been stolen, and goes on with something else.
 * Property: nobody takes a job twice; when all have stopped, every job has been taken; and the waiter takes only what
 * was pushed for the part.
 * Bounds: a thief, a waiter, a ring of 2 places, 4 jobs, any of them before, for and after the part; what does not fit
 * the owner runs himself. A part may end while what it has forked runs elsewhere, which a real one would wait for. 2
 * stores on their way.
 * Seeded: MISSING_DEQUE_FENCE, a pop that announces itself by a plain store; MARK_OVERLOOKED, and OVER_ASKED_TOO_EARLY:
 * before the look at what lies there. */
#define CORES 1
#define DEPTH 2
#define PLACES 4
#define bottom_ 0
#define top_ 1
#define cells_ 2
#define CAPACITY 2
#ifndef JOBS
#define JOBS 4
#endif
#define nothing JOBS
#define me 0 /* the owner alone has a buffer: the others store by locked instructions only */
#include "store_buffers.pml"

byte mark_, pushed, stopped;
byte first = JOBS, last = JOBS; /* what was pushed from the first to before the last was pushed for the part */
bool taken[JOBS], begun, over, ended;

inline take(what) {
  d_step { if :: what != nothing -> assert(!taken[what]); taken[what] = true :: else fi; what = nothing }
}

inline push() {
  d_step { one = pushed; pushed++ };
  if
  :: bottom - memory[top_] == CAPACITY -> take(one)
  :: bottom - memory[top_] < CAPACITY ->
     store(cells_ + bottom % CAPACITY, one);
     store(bottom_, bottom + 1);
     d_step { one = nothing; bottom++ }
  fi
}

inline pop() {
  if
  :: bottom == memory[top_]
  :: bottom != memory[top_] ->
#ifdef MISSING_DEQUE_FENCE
     store(bottom_, bottom - 1);
#else
     atomic { fenced -> memory[bottom_] = bottom - 1 };
#endif
     top = memory[top_];
     if :: top < bottom -> load(one, cells_ + (bottom - 1) % CAPACITY) :: else fi;
     if
     :: top + 1 < bottom -> bottom--
     :: else ->
        if
        :: one != nothing ->
           atomic { fenced -> if :: memory[top_] == top -> memory[top_]++ :: else -> one = nothing fi }
        :: else
        fi;
        store(bottom_, bottom)
     fi;
     atomic { top = 0; take(one) }
  fi
}

inline steal_since(mark, still) {
  top = memory[top_];
#ifdef OVER_ASKED_TOO_EARLY
  given_up = !(still);
#endif
  if
  :: top < mark || top >= memory[bottom_]
  :: else ->
     one = memory[cells_ + top % CAPACITY];
#ifndef OVER_ASKED_TOO_EARLY
     given_up = !(still);
#endif
     atomic { if :: !given_up && memory[top_] == top -> memory[top_]++ :: else -> one = nothing fi }
  fi;
  d_step { top = 0; given_up = false }
}

proctype thief() {
  byte one = nothing, top;
  bool given_up;
  do
  :: steal_since(0, true); take(one)
  :: ended -> break
  od;
  stopped++
}

proctype waiter() {
  byte one = nothing, top;
  bool given_up;
  (begun); /* thief_ has been stored, mark_ before that */
  do
#ifdef MARK_OVERLOOKED
  :: steal_since(0, !over);
#else
  :: steal_since(mark_, !over);
#endif
     if :: one != nothing -> assert(first <= one && one < last) :: else fi;
     take(one)
  :: over || ended -> break
  od;
  stopped++
}

init { /* the owner */
  byte one = nothing, top, bottom; /* the last: what it reads in bottom_, which nobody else writes */
  atomic { run thief(); run waiter() };
  do
  :: pushed < JOBS -> push()
  :: !begun || over || bottom > mark_ -> pop()
  :: !begun -> atomic { mark_ = bottom; first = pushed; begun = true }
  :: begun && !over && (bottom <= mark_ || bottom == memory[top_]) -> atomic { fenced -> over = true; last = pushed }
  :: pushed == JOBS && over -> break
  od;
  do
  :: bottom != memory[top_] -> pop()
  :: bottom == memory[top_] -> break
  od;
  ended = true;
  (stopped == 2);
  for (top : 0 .. JOBS - 1) { assert(taken[top]) }
}
