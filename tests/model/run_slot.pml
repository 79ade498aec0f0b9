/* worker/run_slot.hpp: one thread runs tasks, others seize what runs, at any moment, or only where it is late. Names
 * are the header's; a step here is one atomic operation there. lock_ is one that is had or not, as biased_lock.pml
 * shows. What is seen in running_ brings what was stored before it by acquire and release there, by the order of the
 * steps here. What end() says to a pause is pause.pml's.
 * Property: of the running thread and those that seize exactly one tells the outcome of a task, and tells of the right
 * one; who seizes gets a task that is there; late is only what has a deadline.
 * Bounds: 4 tasks, each with or without a deadline, which has passed; one who seizes anything, one who seizes what is
 * late, each as often as there is something.
 * Seeded: SEIZED_AFTER_ITS_END, a seizer that trusts what it saw before it had the lock; STALE_SEIZURE, an end() that
 * leaves the mark of the seizure to the next task. */
#define TASKS 4
#define nothing 0 /* and a task: its number and 1 */

byte running_, told[TASKS], stopped;
bool seized_, passed, limited[TASKS], there[TASKS], locked, over; /* passed: what deadline_ says at the time of now */

inline begin() {
  if :: limited[one - 1] = true; passed = true :: true fi;
  running_ = one
}

inline end() { /* gives mine */
  atomic { !locked -> locked = true };
  running_ = nothing;
  if :: limited[one - 1] -> passed = false :: else fi;
  mine = !seized_;
#ifndef STALE_SEIZURE
  if :: seized_ -> seized_ = false :: else fi;
#endif
  locked = false
}

inline seize() { /* gives one */
  one = running_;
  if
  :: one == nothing || seized_ || (late && !passed) -> one = nothing
  :: else ->
     atomic { !locked -> locked = true };
#ifndef SEIZED_AFTER_ITS_END
     one = running_;
     if :: one == nothing || seized_ || (late && !passed) -> one = nothing :: else fi;
#endif
     if
     :: one != nothing ->
        atomic { assert(there[one - 1]); assert(!late || limited[one - 1]) }; /* add_reference() */
        seized_ = true
     :: else
     fi;
     locked = false
  fi
}

inline tell(what) { d_step { told[what - 1]++; assert(told[what - 1] == 1) } }

proctype seizer(bool late) {
  byte one;
  do
  :: seize(); if :: one != nothing -> tell(one); one = nothing :: else fi
  :: over -> break
  od;
  stopped++
}

init {
  byte one;
  bool mine;
  atomic { run seizer(false); run seizer(true) }
  for (one : 1 .. TASKS) {
    there[one - 1] = true;
    begin();
    end();
    if :: mine -> tell(one) :: else fi;
    there[one - 1] = false /* drop_reference(): the seizer has its own */
  }
  over = true;
  (stopped == 2);
  for (one : 1 .. TASKS) { assert(told[one - 1] == 1) }
}
