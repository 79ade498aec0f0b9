/* worker/task_batch.hpp: an owner who fills, and takes, while thieves take. Names are the header's; a step here is one
 * atomic operation there. Left out: the prefetch, mark(), the generation in state_, which nothing but mark() looks at.
 * lock_ is one that is had or not, as biased_lock.pml shows. What is seen in state_ brings what was stored before it by
 * acquire and release there, by the order of the steps here.
 * Property: nobody takes a task twice, also not a thief that was slow while the batch was used up and filled again; who
 * wants the tasks of one lane gets no others; and when all have stopped, every task has been taken.
 * Bounds: 2 thieves, 2 places, 5 tasks in fills of 1 or 2 as they come, of two lanes in turn; a thief wants one of
 * them.
 * Seeded: STALE_BATCH_INDEX, a look at state_ before the lock is held; ITEM_READ_LATE, when its place is already free;
 * LANE_OF_NOTHING, a lane that is looked at while the batch may be empty, and thus be filled with others. */
#define THIEVES 2
#define CAPACITY 2
#define TASKS 5

#define lane_unit 16 /* powers of two, so that a state reads like the header's */
#define count_unit 4 /* above the index of the next one */
#define next_of(state) (state % count_unit)
#define count_of(state) ((state / count_unit) % count_unit)
#define lane_of(state) (state / lane_unit)
#define empty(state) (next_of(state) == count_of(state))

byte state_, items_[CAPACITY], filled, stopped;
bool taken[TASKS], locked, over;

#define any 2

inline take_next() { /* with the lock; gives one, and found */
#ifndef STALE_BATCH_INDEX
  seen = state_;
#endif
  if
  :: empty(seen)
  :: else ->
     found = true;
#ifdef ITEM_READ_LATE
     state_ = seen + 1;
     one = items_[next_of(seen)];
#else
     one = items_[next_of(seen)];
     state_ = seen + 1;
#endif
  fi;
  locked = false;
  if
  :: atomic { found -> assert(!taken[one]); taken[one] = true; found = false; one = 0 }
  :: else
  fi
}

inline take() {
  seen = state_;
  if
  :: empty(seen)
  :: else -> atomic { !locked -> locked = true }; take_next()
  fi;
  seen = 0
}

inline steal_of(wanted) { /* or steal() */
  seen = state_;
  if
  :: empty(seen) || (wanted != any && lane_of(seen) != wanted)
  :: else ->
     atomic { !locked -> locked = true };
#ifdef LANE_OF_NOTHING
     if :: wanted != any -> seen = state_ :: else fi;
     if
     :: wanted != any && lane_of(seen) != wanted -> locked = false
#else
     if :: wanted != any -> seen = state_ :: else fi;
     if
     :: wanted != any && (empty(seen) || lane_of(seen) != wanted) -> locked = false
#endif
     :: else ->
        take_next();
        assert(wanted == any || lane_of(seen) == wanted)
     fi
  fi;
  seen = 0
}

inline fill() {
  do
  :: count < CAPACITY && filled < TASKS -> items_[count] = filled; atomic { filled++; count++ }
  :: count > 0 -> break
  od;
  state_ = lane * lane_unit + count * count_unit;
  atomic { lane = 1 - lane; count = 0 }
}

proctype thief(byte wanted) {
  byte seen, one;
  bool found;
  do
  :: steal_of(wanted)
  :: over -> break
  od;
  stopped++
}

init {
  byte seen, one, count, lane;
  bool found;
  atomic { run thief(any); run thief(0) }
  do
  :: filled < TASKS ->
     fill();
     do
     :: take(); if :: empty(state_) -> break :: else fi
     od
  :: else -> break
  od;
  over = true;
  (stopped == THIEVES);
  for (count : 0 .. TASKS - 1) { assert(taken[count]) }
}
