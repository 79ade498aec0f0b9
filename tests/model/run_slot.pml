/* worker/run_slot.hpp: one thread runs tasks, others seize what runs, at any moment, or only where it is late. Names
 * are the header's; a step here is one atomic operation there. lock_ is one that is had or not, as biased_lock.pml
 * shows. What is seen in running_ brings what was stored before it by acquire and release there, by the order of the
 * steps here. What end() says to a pause is pause.pml's.
 * Property: of the running thread and those that seize exactly one tells the outcome of a task, and tells of the right
 * one; who seizes gets a task that is there; late is only what has a deadline. An attempt that overruns is seen once,
 * while it runs, and a worker that was said to be held up is said to be free again once, by task_runner's rules.
 * Bounds: 4 tasks, each with or without a deadline, which has passed, and which passes again or not where the task may
 * be run again; one who seizes anything, one who looks for what is late, each as often as there is something.
 * Seeded: SEIZED_AFTER_ITS_END, a seizer that trusts what it saw before it had the lock; STALE_SEIZURE, an end() that
 * leaves the mark of the seizure to the next task; OVERRUN_AFTER_ITS_END, as the first one, of an overrun;
 * HELD_UP_TWICE, a seizure that does not know of the overrun before it. */
#define TASKS 4
#define nothing 0 /* and a task: its number and 1 */

byte running_, told[TASKS], stopped;
bool seized_, passed, limited[TASKS], there[TASKS], locked, over; /* passed: what deadline_ says at the time of now */
bool again[TASKS], overdue[TASKS]; /* may be run again; the attempt was asked to stop, a bit of its state */
short held_up[TASKS];

inline begin() {
  if
  :: limited[one - 1] = true; passed = true; if :: again[one - 1] = true :: true fi
  :: true
  fi;
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

inline overrun() { /* gives one */
  one = running_;
  if
  :: one == nothing || seized_ || !passed -> one = nothing
  :: else ->
     atomic { !locked -> locked = true };
#ifndef OVERRUN_AFTER_ITS_END
     one = running_;
     if :: one == nothing || seized_ || !passed -> one = nothing :: else fi;
#endif
     if
     :: one != nothing && again[one - 1] && !overdue[one - 1] ->
        atomic { assert(there[one - 1]); assert(running_ == one); overdue[one - 1] = true };
        if :: passed = false :: true fi /* expires_at() */
     :: else -> one = nothing
     fi;
     locked = false
  fi
}

inline tell(what) { d_step { told[what - 1]++; assert(told[what - 1] == 1) } }

proctype seizer(bool late) {
  byte one;
  do
  :: late -> overrun(); if :: one != nothing -> held_up[one - 1]++; one = nothing :: else fi
  :: seize();
     if
     :: one != nothing ->
#ifdef HELD_UP_TWICE
        held_up[one - 1]++;
#else
        if :: !overdue[one - 1] -> held_up[one - 1]++ :: else fi;
#endif
        tell(one); one = nothing
     :: else
     fi
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
    if
    :: mine -> if :: overdue[one - 1] -> held_up[one - 1]-- :: else fi; tell(one)
    :: else -> held_up[one - 1]--
    fi;
    there[one - 1] = false /* drop_reference(): the seizer has its own */
  }
  over = true;
  (stopped == 2);
  for (one : 1 .. TASKS) { assert(told[one - 1] == 1); assert(held_up[one - 1] == 0) }
}
