/* How workers sleep, are woken, keep guard and leave: pool/worker_loop.hpp with guard() and stop_guarding()
 * (look_around and hand_on of pool/guard_post.hpp), and kept(), finish() and depart() of pool/thread_crew.hpp, upon
 * parking.pml and pull_order.pml. A step here is one atomic operation there. Left out: pauses (pause_switch.pml),
 * growing and shrinking, forks, bodies that are given up, the looks before a worker parks, the end of depart() under
 * the lock of the crew but for its look at what is in sight.
 * Property: whatever comes to rest has come to its end: every accepted task has run, every worker has left, nobody is
 * counted as parked, no permit is left. Not shown: that workers do not hand on the guard to one another for ever.
 * Bounds: 2 workers, 2 tasks from outside, 1 of a task, a recall, 2 deadlines at any moment. With WORKERS=3 a task that
 * worker 0 has just started, its child, for which it waits, and 1 from outside, which waits for that child, too; all
 * deadlines late, no recall but at the end.
 * Seeded: LEAVES_WHILE_OTHERS_WORK, NO_LAST_WORD, NO_HAND_OVER, and those of the files it includes. */
#ifndef WORKERS
#define WORKERS 2
#endif
#define BEGUN (WORKERS > 2)
#define TASKS (4 - WORKERS)
#define EARLY (6 - 2 * WORKERS)
#include "parking.pml"
#include "pull_order.pml"
#ifdef LEAVES_WHILE_OTHERS_WORK
#define OTHERS_REST true
#else
#define OTHERS_REST !works
#endif

inline somebody_works() {
  d_step { for (n : 0 .. WORKERS - 1) { works = works || !at_rest[n] } n = 0 }
}

inline park() { /* breaks out of the loop of its worker when the pool is at its end */
  at_rest[me] = true;
  announce();
  ending = ends;
  look();
  if
  :: atomic { in_sight -> in_sight = false; ending = false }; retract()
  :: else ->
     if
     :: ending ->
        somebody_works(); /* somebody_is_awaited() */
        if :: atomic { OTHERS_REST -> announced = 0 }; retract(); break :: else -> works = false fi
     :: else
     fi;
     somebody_works();
     atomic { if :: works -> guards = !guarded_; guarded_ = true :: else fi; works = false; ending = false }
     park_until(guards);
     if
     :: guards ->
        if :: on_time -> guard() :: else fi;
        atomic { guarded_ = false; was_on_guard = true; guards = false; on_time = false; looked = !seen; seen = false }
     :: atomic { !guards -> was_on_guard = false }
     fi
  fi;
  atomic { announced = 0; at_rest[me] = false }
}

inline guard() {
  d_step {
    for (n : 0 .. WORKERS - 1) {
      if
      :: !seen && own[n] && seen_pushes[n] -> relieves = n; seen = true
      :: !seen && own[n] && !seen_pushes[n] -> seen_pushes[n] = true
      :: else
      fi
    }
    n = 0
  }
}

inline stop_guarding() {
#ifdef NO_HAND_OVER
  was_on_guard = false
#else
  if :: atomic { was_on_guard -> was_on_guard = false }; notify_one_in_order() :: else fi
#endif
}

proctype worker(byte me) {
  byte announced, n, count, relieves = nobody;
  mtype took = none;
  bool looked, in_sight, ending, works, guards, on_time, seen, was_on_guard;
  at_rest[me] = false;
  if :: BEGUN && me == 0 -> keep_one() :: else fi;
  do /* work_until_told_to_leave() */
  :: if :: looked -> look() :: else fi;
     if
     :: atomic { !looked || in_sight -> in_sight = false };
        pull();
        if
        :: atomic { took != none -> looked = false }; stop_guarding(); run_one()
        :: atomic { took == none -> looked = true }
        fi
     :: else -> park()
     fi
  od;
  stop_guarding(); /* depart() */
#ifndef NO_LAST_WORD
  if :: ends -> recall() :: else fi;
#endif
  look();
  if :: in_sight -> notify_one_in_order() :: else fi;
  left++
}

init { /* who submits, then shuts down, perhaps not before everything has run */
  byte n, count;
  atomic { accepted = BEGUN; for (n : 0 .. WORKERS - 1) { run worker(n) } n = 0 }
  do
  :: count < TASKS ->
     submit();
     count++
  :: else -> break
  od;
  if :: !BEGUN -> recall() :: true fi;
  if :: true -> (ran == accepted) :: true fi;
  (!pushing);
  closed_ = true; /* close() */
  ends = true;    /* finish() */
  recall();
  (left == WORKERS);
  assert(ran == accepted && parked_ == 0 && permits_ == 0)
}
