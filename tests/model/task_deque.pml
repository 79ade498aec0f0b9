/* worker/task_deque.hpp: an owner who pushes and pops, thieves who steal. Names are the header's; a step here is one
 * atomic operation there, the owner's stores go through store_buffers.pml. Left out: pushes(). What lies beneath
 * newest_ is one step at a time, as chase_lev_deque.pml shows; and lock_ is one that is had or not, as biased_lock.pml
 * shows, whose thieves find what the owner has stored before.
 * Property: nobody takes a task twice, and when all have stopped, every task has been taken.
 * Bounds: 2 thieves, a ring of 2 places, 6 tasks pushed and popped in any order; what does not fit the owner runs
 * itself. 2 stores on their way.
 * Seeded: NEWEST_OVERWRITTEN, a thief that leaves nullptr also where it has found nothing; STALE_NEWEST, one that takes
 * what it saw before it had the lock. */
#define CORES 1
#define DEPTH 2
#define PLACES 1
#define newest_ 0
#define THIEVES 2
#define CAPACITY 2
#define TASKS 6
#define nothing 0 /* and a task: its number and 1 */
#define me 0
#include "store_buffers.pml"

byte older_[CAPACITY], count, pushed, stopped; /* older_: the oldest first */
bool taken[TASKS], locked, over;

inline take(what) {
  d_step {
    if :: what != nothing -> assert(!taken[what - 1]); taken[what - 1] = true :: else fi;
    what = nothing
  }
}

inline put_newest(what) { /* gives one */
  atomic { !locked -> locked = true };
  load(one, newest_);
  store(newest_, what);
  locked = false
}

inline push() {
  load(one, newest_);
  if
  :: one == nothing -> store(newest_, pushed + 1)
  :: else ->
     if
     :: count == CAPACITY -> one = pushed + 1; take(one)
     :: count < CAPACITY ->
        put_newest(pushed + 1);
        d_step { if :: one != nothing -> older_[count] = one; count++; one = nothing :: else fi }
     fi
  fi;
  atomic { pushed++; one = nothing }
}

inline pop() {
  load(one, newest_);
  if :: one != nothing -> put_newest(nothing) :: else fi;
  d_step { if :: one == nothing && count > 0 -> count--; one = older_[count]; older_[count] = nothing :: else fi }
}

inline steal() {
  if
  :: d_step { count > 0 -> one = older_[0]; older_[0] = older_[1]; older_[1] = nothing; count-- }
  :: count == 0 ->
     one = memory[newest_];
     if
     :: one != nothing ->
        atomic { !locked && fenced -> locked = true };
#ifndef STALE_NEWEST
        one = memory[newest_];
#endif
#ifndef NEWEST_OVERWRITTEN
        if :: one != nothing -> memory[newest_] = nothing :: else fi;
#else
        memory[newest_] = nothing;
#endif
        locked = false
     :: else
     fi
  fi
}

active [THIEVES] proctype thief() {
  byte one;
  do
  :: steal(); take(one)
  :: over -> break
  od;
  stopped++
}

init {
  byte one;
  do
  :: pushed < TASKS -> push()
  :: pop(); take(one)
  :: pushed == TASKS -> break
  od;
  do
  :: pop(); if :: one == nothing -> break :: else -> take(one) fi
  od;
  over = true;
  (stopped == THIEVES);
  for (one : 0 .. TASKS - 1) { assert(taken[one]) }
}
