/* detail/revocable_lock.hpp with what it takes from detail/spin_lock.hpp: two producers, somebody who keeps both out
 * for a while, and a sleeper who announces himself, passes a fence, and looks. Names are the header's; a step here is
 * one atomic operation there, stores go through store_buffers.pml. Spinning is waiting here. look() is no step: its
 * acquire makes of what has been read an order, and reading has one here. The heavy fence reaches the first thread and
 * its caller only.
 * Property: one at a time is inside, and sees what the one before has done there; nobody waits for ever; and a push
 * that the sleeper does not see finds him announced, so that he is woken (the way of detail/parking.hpp).
 * Bounds: 3 sections of one producer, 2 of the other, 2 times locked, whoever comes first; 3 stores on their way.
 * Seeded: MISSING_HEAVY_FENCE; MISSING_LIGHT_FENCE, a compiler that looks at the bias first; UNLOCK_OUT_OF_ORDER, a
 * section that ends with a plain store; RESTORED_AFTER_UNLOCK, a bias that comes back when others are in. */
#define CORES 3
#define DEPTH 3
#define PLACES 5
#define bias_ 0
#define inside_ 1
#define ordinary_ 2
#define work 3 /* what the lock guards: how often has been pushed */
#define parked_ 4
#define fresh 0 /* else a core and 1 */
#define revoked 9
#define PUSHES 5
#define me (_pid - 2)
#include "store_buffers.pml"

byte sections;
bool occupied, woken;

inline lock_ordinary() { atomic { fenced && !memory[ordinary_] -> memory[ordinary_] = 1 } }

inline revoke() { /* before: towards whom the lock was biased */
  load(before, bias_);
  if
  :: before == revoked
  :: before != revoked ->
     store(bias_, revoked);
     if
     :: before == fresh
     :: before != fresh ->
#ifndef MISSING_HEAVY_FENCE
        fenced;
        others_fence(before - 1);
#endif
        (!memory[inside_])
     fi
  fi
}

inline enter_biased() { /* biased: whether it did */
  load(seen, bias_);
  biased = (seen == me + 1);
  if
  :: biased ->
#ifdef MISSING_LIGHT_FENCE
     load(seen, bias_);
     store(inside_, 1);
#else
     store(inside_, 1);
     load(seen, bias_);
#endif
     if :: seen != me + 1 -> store(inside_, 0); biased = false :: else fi
  :: !biased
  fi;
  seen = 0
}

inline enter() {
  lock_ordinary();
  load(before, bias_);
  if
  :: before == fresh -> store(bias_, me + 1)
  :: before == revoked
  :: else -> revoke()
  fi;
  before = 0
}

inline unlock_in_order(word) {
#ifdef UNLOCK_OUT_OF_ORDER
  store(word, 0)
#else
  atomic { fenced -> memory[word] = 0 }
#endif
}

inline begin_section() {
  atomic { assert(!occupied); occupied = true };
  load(seen, work);
  assert(seen == sections)
}

proctype producer(byte left) {
  byte seen, before;
  bool biased;
  do
  :: left > 0 ->
     enter_biased();
     if :: !biased -> enter() :: biased fi;
     begin_section();
     store(work, seen + 1);
     d_step { sections++; left--; seen = 0; occupied = false };
     if :: biased -> unlock_in_order(inside_) :: !biased -> unlock_in_order(ordinary_) fi;
     load(seen, parked_); /* notify_one_in_order() */
     atomic { woken = woken || seen; seen = 0; biased = false }
  :: left == 0 -> break
  od
}

proctype locker() {
  byte seen, before, turn;
  for (turn : 1 .. 2) {
    lock_ordinary();
    revoke(); /* lock() */
    begin_section();
    d_step { seen = 0; occupied = false };
#ifdef RESTORED_AFTER_UNLOCK
    store(ordinary_, 0);
    store(bias_, before);
#else
    store(bias_, before); /* unlock() */
    store(ordinary_, 0);
#endif
    before = 0
  }
}

init {
  atomic { run producer(3); run producer(2); run locker() }; /* cores 0, 1 and 2 */
  memory[parked_] = 1; /* announce(), with its fence; look() */
  if :: memory[work] == PUSHES :: memory[work] < PUSHES -> (woken) fi
}
