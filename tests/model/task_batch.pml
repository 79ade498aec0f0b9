/* worker/task_batch.hpp: an owner who fills, and takes, while thieves take. Names are the header's; a step here is one
 * atomic operation there. Left out: the lane, take_of(), the prefetch. What a thief reads between its look at state_
 * and its compare-and-swap is ordered by acquire and release there, by the steps here; no fence is to be forgotten.
 * Property: nobody takes a task twice, also not a thief that slept while the batch was used up and filled again, and
 * when all have stopped, every task has been taken.
 * Bounds: 2 thieves, 2 places, 5 tasks in fills of 1 or 2 as they come.
 * Seeded: STALE_BATCH_INDEX, a compare-and-swap that looks at index and count alone. */
#define THIEVES 2
#define CAPACITY 2
#define TASKS 5

#define count_unit 4 /* above the index of the next one; powers of two, so that a state reads like the header's */
#define generation_unit 16
#define next_of(state) (state % count_unit)
#define count_of(state) ((state / count_unit) % count_unit)
#ifdef STALE_BATCH_INDEX
#define same(a, b) ((a) % generation_unit == (b) % generation_unit)
#else
#define same(a, b) ((a) == (b))
#endif

byte state_, items_[CAPACITY], filled, stopped;
bool taken[TASKS], over;

inline take() { /* gives one, and found */
  seen = state_;
  do
  :: next_of(seen) == count_of(seen) -> found = false; break
  :: else ->
     one = items_[next_of(seen)];
     if
     :: atomic { same(state_, seen) -> state_++; assert(!taken[one]); taken[one] = true; found = true }; break
     :: atomic { !same(state_, seen) -> seen = state_ }
     fi
  od;
  atomic { seen = 0; one = 0 }
}

inline fill() {
  do
  :: count < CAPACITY && filled < TASKS -> items_[count] = filled; atomic { filled++; count++ }
  :: count > 0 -> break
  od;
  state_ = (state_ / generation_unit + 1) * generation_unit + count * count_unit;
  count = 0
}

proctype thief() {
  byte seen, one;
  bool found;
  do
  :: take()
  :: over -> break
  od;
  stopped++
}

init {
  byte seen, one, count;
  bool found;
  atomic { for (count : 1 .. THIEVES) { run thief() } count = 0 }
  do
  :: filled < TASKS ->
     fill();
     do
     :: take(); if :: found :: else -> break fi
     od
  :: else -> break
  od;
  over = true;
  (stopped == THIEVES);
  for (count : 0 .. TASKS - 1) { assert(taken[count]) }
}
