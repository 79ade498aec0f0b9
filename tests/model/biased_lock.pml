/* detail/biased_lock.hpp: its owner and two others, again and again. Names are the header's; a step here is one atomic
 * operation there, stores go through store_buffers.pml. Spinning is waiting here. The heavy fence reaches the owner and
 * its caller only: of other cores nothing is asked.
 * Property: one at a time is inside, and sees what the one before has done there; nobody waits for ever once the others
 * have gone. Not shown: for how long somebody may have to wait.
 * Bounds: 3 sections of the owner, 2 of each of the others, 3 stores on their way from each core.
 * Seeded: MISSING_HEAVY_FENCE; MISSING_LIGHT_FENCE, a compiler that looks for claims first; NO_STEP_BACK, an owner that
 * waits inside; NO_SECOND_LOOK, one that goes in where it has once seen no claim. */
#define CORES 3
#define DEPTH 3
#define PLACES 4
#define inside_ 0
#define kept_out_ 1
#define claimed_ 2
#define work 3 /* what the lock guards */
#define me (_pid - 1)
#include "store_buffers.pml"
#define OWNER 0

byte sections;
bool occupied;

inline section() {
  atomic { assert(!occupied); occupied = true };
  load(seen, work);
  assert(seen == sections);
  store(work, seen + 1);
  d_step { sections++; seen = 0; occupied = false; turn++ }
}

inline announce() {
#ifdef MISSING_LIGHT_FENCE
  load(seen, claimed_);
  store(inside_, 1)
#else
  store(inside_, 1);
  load(seen, claimed_)
#endif
}

inline step_back() {
  store(kept_out_, 1);
  do
  :: seen ->
#ifndef NO_STEP_BACK
     store(inside_, 0);
#endif
     (!memory[claimed_]);
#ifdef NO_SECOND_LOOK
     store(inside_, 1);
     break
#else
     announce()
#endif
  :: !seen -> break
  od;
  store(kept_out_, 0)
}

active proctype owner() {
  byte seen, turn;
  do
  :: turn < 3 ->
     announce();
     if :: seen -> step_back() :: !seen fi;
     section();
     store(inside_, 0)
  :: turn == 3 -> break
  od
}

active [2] proctype other() {
  byte seen, turn;
  do
  :: turn < 2 ->
     do
     :: !memory[kept_out_] -> atomic { fenced && !memory[claimed_] -> memory[claimed_] = 1; break }
     od;
#ifndef MISSING_HEAVY_FENCE
     others_fence(OWNER);
#endif
     (!memory[inside_]);
     section();
     store(claimed_, 0)
  :: turn == 2 -> break
  od
}
