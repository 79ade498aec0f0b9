/* What submitters do (push() and keep() of pool/intake.hpp) and what workers ask (pool/pull_order.hpp), for
 * worker_loop.pml. Names are the headers'; a step is one atomic operation there. Left out: priorities, delays,
 * withdrawn tasks, idle_batch(). Queue, batch and hand are counts; a look at all hands is one step, and so is a search
 * of them. One of the tasks from outside, any of them, puts another one into the hand of its worker, and then waits for
 * it by means of its own, or does not; see worker_loop.pml. Stores that a core may hold back, of a push to the queue
 * and of one to a hand, lie in `pushing` and `keeping` until store_buffers brings them out; a fence waits for that. All
 * other stores are sequentially consistent.
 * Seeded: DROPPED_NOTIFY, MISSING_FENCE. */
#define nobody WORKERS
mtype = { none, from_outside, from_a_hand }

bool at_rest[WORKERS] = true, own[WORKERS], seen_pushes[WORKERS], guarded_, closed_, ends;
byte queue_, batch[WORKERS], keeping = nobody, accepted, ran, left;
bool pushing, kept_one = BEGUN, child_ran;

active proctype store_buffers() {
end: do
  :: atomic { pushing -> pushing = false; queue_++ }
  :: atomic { keeping != nobody -> own[keeping] = true; keeping = nobody }
  od
}

inline look() { /* work_in_sight() */
  in_sight = queue_ > 0;
  d_step { for (n : 0 .. WORKERS - 1) { in_sight = in_sight || batch[n] > 0 || (own[n] && at_rest[n]) } n = 0 }
}

inline pull() { /* pull_in_order() */
  do
  :: atomic { own[me] -> own[me] = false; took = from_a_hand; break }
  :: atomic { !own[me] && batch[me] > 0 -> batch[me]--; took = from_outside; break }
  :: atomic { !own[me] && batch[me] == 0 && queue_ > 0 -> queue_--; count = 1 }; fill()
  :: atomic { !own[me] && batch[me] == 0 && queue_ > 1 -> queue_ = queue_ - 2; count = 2 }; fill()
  :: d_step {
       !own[me] && batch[me] == 0 && queue_ == 0 -> /* take_from_others() */
       for (n : 0 .. WORKERS - 1) {
         if
         :: took == none && batch[n] > 0 -> batch[n]--; took = from_outside
         :: took == none && !batch[n] && own[n] && (at_rest[n] || relieves == n) -> own[n] = false; took = from_a_hand
         :: else
         fi
       }
       n = 0; relieves = nobody
     };
     break
  od
}

inline fill() { /* and share() */
  batch[me] = count;
  if :: atomic { count > 1 -> count = 0 }; notify_one_in_order() :: else -> count = 0 fi
}

inline keep_one() { /* keep(), kept(), and the rest of the body */
  if
  :: atomic { closed_ -> child_ran = true } /* there will be none to wait for */
  :: atomic { !closed_ -> accepted++; keeping = me };
     if
     :: guarded_
     :: !guarded_ -> if :: parked_ > 0 -> (keeping != me); notify_one_in_order() :: parked_ == 0 fi
     fi;
     if :: true -> (child_ran) :: !BEGUN fi
  fi;
  atomic { (keeping != me); ran++ }
}

inline run_one() {
  if
  :: atomic { took == from_outside && !kept_one -> kept_one = true; took = none; quiet = 0 }; keep_one()
  :: atomic { took == from_outside && BEGUN -> took = none; quiet = 0 }; atomic { (child_ran); ran++ }
  :: atomic { took != none -> child_ran = child_ran || took == from_a_hand; took = none; quiet = 0; ran++ }
  fi
}

inline submit() { /* push(), and the notify_one() that follows */
  atomic { (!pushing) -> accepted++; pushing = true };
#ifndef MISSING_FENCE
  (!pushing); /* the fence of notify_one() */
#endif
#ifndef DROPPED_NOTIFY
  notify_one_in_order()
#endif
}
