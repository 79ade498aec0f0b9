/* detail/parking.hpp, for models of those who sleep there. Names are the header's; a step here is one atomic operation
 * there. A claim, and the taking of a permit, are loops around a compare-and-swap there and one step here. A sleeper is
 * woken by a wake, a recall or its deadline, never without cause: that would hide a wake that was forgotten.
 * A deadline passes at any moment EARLY times, and else when all others are still (`timeout`); a worker whose deadlines
 * pass again and again although nobody gets a task by that has been forgotten: `quiet`.
 * Seeded: LEAVE_WAITS_FOR_ITS_PERMIT; PERMIT_BEFORE_CLAIM, one who leaves with a wake that another one needs.
 * The includer defines WORKERS and EARLY; `me`, `n`, `announced` and `on_time` are the worker's. */
byte parked_, permits_, recalls_; /* the last two are the halves of one word */
bool asleep[WORKERS];             /* in the futex */
byte early = EARLY, quiet;

inline announce() {
  atomic { parked_++; assert(parked_ <= WORKERS) };
  announced = recalls_
}

inline retract() { leave() }

/* Its end is that of the header's park_until(): on_time says that it was the deadline. */
inline park_until(limited) {
  do
  :: atomic { permits_ > 0 -> permits_--; break }
  :: permits_ == 0 && recalls_ != announced -> leave(); break
  :: atomic { permits_ == 0 && recalls_ == announced -> asleep[me] = true } /* the futex compares */
     if
     :: !asleep[me]
     :: atomic { limited && asleep[me] && early > 0 -> early--; asleep[me] = false; on_time = true }; leave(); break
     :: atomic { limited && timeout -> quiet++; assert(quiet < 6); asleep[me] = false; on_time = true }; leave(); break
     fi
  od
}

inline recall() {
  recalls_++;
  d_step { for (n : 0 .. WORKERS - 1) { asleep[n] = false } n = 0 }
}

/* notify_one() behind its fence. */
inline notify_one_in_order() {
  if
  :: atomic { parked_ > 0 -> parked_-- }; /* claim() */
     permits_++;
     wake_a_sleeper()
  :: parked_ == 0
  fi
}

inline wake_a_sleeper() {
  atomic {
    if
    :: asleep[0] -> asleep[0] = false
    :: asleep[1] -> asleep[1] = false
    :: asleep[WORKERS - 1] -> asleep[WORKERS - 1] = false
    :: else
    fi
  }
}

inline leave() {
  if
#ifdef PERMIT_BEFORE_CLAIM
  :: atomic { permits_ > 0 -> permits_-- }
  :: permits_ == 0 ->
#else
  :: atomic { parked_ > 0 -> parked_-- } /* claim(1) */
  :: parked_ == 0 ->
#endif
     if /* the two in turn, until one succeeds */
     :: atomic { permits_ > 0 -> permits_-- } /* take_permit() */
#ifndef LEAVE_WAITS_FOR_ITS_PERMIT
     :: atomic { parked_ > 0 -> parked_-- }
#endif
     fi
  fi
}
