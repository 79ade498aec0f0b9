/* pause() and resume() of pool/pause_switch.hpp with begin() and end() of worker/run_slot.hpp. Names are the headers';
 * a step here is one atomic operation there, stores go through store_buffers.pml: begin() and end() are plain stores.
 * Spinning is waiting here. The heavy fence reaches one worker after the other. Left out: what else keeps a worker from
 * working; who seizes; phases; a pause asked by a worker itself, which counts as at rest meanwhile.
 * Property: from the return of a pause on no worker starts a task until the pool is resumed; a pause returns; what is
 * paused and resumed goes on.
 * Bounds: 2 workers, each with 3 tasks, which looks around or parks as often as it likes; 2 pauses; 3 stores on their
 * way.
 * Seeded: MISSING_HEAVY_FENCE; WAITS_FOR_NOBODY, a pause that returns as soon as everybody can see it;
 * AT_REST_TOO_LATE, a worker that looks whether the pool is paused, and then says that it is not at rest any more. */
#define CORES 2
#define DEPTH 3
#define PLACES 5
#define running_(worker) (worker)
#define at_rest(worker) (2 + (worker))
#define paused_ 4
#define TASKS 3
#define me (_pid - 2)
#include "store_buffers.pml"

bool still; /* a pause has returned */

inline store_in_order(where, what) { atomic { fenced -> memory[where] = what } }

inline rest(until) {
  store_in_order(at_rest(me), 1);
  (until);
#ifndef AT_REST_TOO_LATE
  store_in_order(at_rest(me), 0)
#endif
}

inline run_some() {
#ifdef AT_REST_TOO_LATE
  store_in_order(at_rest(me), 0);
#endif
  do
  :: left > 0 ->
     assert(!still); /* a task starts */
     store(running_(me), 1);
     store(running_(me), 0);
     left--;
     load(seen, paused_);
     if :: seen -> seen = 0; break :: !seen fi
  :: break
  od
}

proctype worker() {
  byte left = TASKS, seen;
#ifndef AT_REST_TOO_LATE
  store_in_order(at_rest(me), 0);
#endif
  do /* work_until_told_to_leave() */
  :: left > 0 ->
     load(seen, paused_);
     if
     :: seen -> seen = 0; rest(!memory[paused_]) /* halt() */
     :: !seen ->
        if
        :: run_some()
        :: rest(true) /* park() */
        :: true
        fi
     fi
  :: left == 0 -> break
  od;
  store_in_order(at_rest(me), 1) /* depart() */
}

init {
  byte n;
  d_step { memory[at_rest(0)] = 1; memory[at_rest(1)] = 1 }
  atomic { run worker(); run worker() } /* cores 0 and 1 */
  for (n : 1 .. 2) {
    memory[paused_] = 1; /* pause() */
#ifndef MISSING_HEAVY_FENCE
    if :: others_fence(0); others_fence(1) :: others_fence(1); others_fence(0) fi;
#endif
#ifndef WAITS_FOR_NOBODY
    (memory[running_(0)] || memory[at_rest(0)]);
    (memory[running_(1)] || memory[at_rest(1)]);
#endif
    still = true;
    still = false;
    memory[paused_] = 0 /* resume() */
  }
}
