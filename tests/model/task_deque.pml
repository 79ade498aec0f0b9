/* worker/task_deque.hpp: an owner who pushes and pops, thieves who steal. Names are the header's; a step here is one
 * atomic operation there. Left out: size() and pushes(). The owner's plain stores pass through a store buffer of one
 * entry, which empties at any moment; its exchanges and compare-and-swaps wait for that, its loads look there first.
 * Property: nobody takes a task twice, and when all have stopped, every task has been taken.
 * Bounds: 2 thieves, a ring of 2 places, 6 tasks pushed and popped in any order, so that the ring is gone around twice;
 * what does not fit the owner runs itself.
 * Seeded: MISSING_DEQUE_FENCE, a pop that announces itself by a plain store. */
#define THIEVES 2
#define CAPACITY 2
#define TASKS 6
#define nothing TASKS

mtype = { no_store, to_newest, to_cell, to_bottom }
mtype buffer = no_store; /* the store that is on its way */
byte value;              /* and its value */
byte newest_ = nothing, bottom_, top_, cells_[CAPACITY], pushed, stopped;
bool taken[TASKS], over;

active proctype store_buffer() {
end: do
  :: atomic { buffer == to_newest -> newest_ = value; buffer = no_store; value = 0 }
  :: atomic { buffer == to_cell -> cells_[bottom_ % CAPACITY] = value; buffer = no_store; value = 0 }
  :: atomic { buffer == to_bottom -> bottom_ = value; buffer = no_store; value = 0 }
  od
}
#define own_newest (buffer == to_newest -> value : newest_)
#define own_bottom (buffer == to_bottom -> value : bottom_)
#define fenced (buffer == no_store)
inline store(place, what) { atomic { fenced -> value = what; buffer = place } }

inline take(what) {
  d_step { if :: what != nothing -> assert(!taken[what]); taken[what] = true :: else fi; what = nothing }
}

inline push() {
  if
  :: own_newest == nothing -> store(to_newest, pushed)
  :: else ->
     top = top_;
     if
     :: own_bottom - top == CAPACITY -> one = pushed; take(one)
     :: else ->
        atomic { fenced -> one = newest_; newest_ = pushed };
        if :: one != nothing -> push_down() :: else fi
     fi;
     top = 0
  fi;
  pushed++
}

inline push_down() {
  store(to_cell, one); /* at bottom_, which the exchange has brought out */
  store(to_bottom, bottom_ + 1);
  one = nothing
}

inline pop() {
  if
  :: own_newest != nothing -> atomic { fenced -> one = newest_; newest_ = nothing }
  :: else
  fi;
  if :: one == nothing -> pop_up() :: else fi
}

inline pop_up() {
  bottom = own_bottom;
  if
  :: bottom == top_
  :: else ->
#ifdef MISSING_DEQUE_FENCE
     store(to_bottom, bottom - 1);
#else
     atomic { fenced -> bottom_ = bottom - 1 };
#endif
     top = top_;
     if :: top < bottom -> one = cells_[(bottom - 1) % CAPACITY] :: else fi;
     if
     :: top + 1 < bottom
     :: else ->
        if
        :: one != nothing -> atomic { fenced -> if :: top_ == top -> top_++ :: else -> one = nothing fi }
        :: else
        fi;
        store(to_bottom, bottom)
     fi
  fi;
  d_step { top = 0; bottom = 0 }
}

inline steal() {
  top = top_;
  if
  :: top >= bottom_ ->
     if :: newest_ != nothing -> atomic { one = newest_; newest_ = nothing } :: else fi
  :: else ->
     one = cells_[top % CAPACITY];
     atomic { if :: top_ == top -> top_++ :: else -> one = nothing fi }
  fi;
  top = 0
}

proctype thief() {
  byte one = nothing, top;
  do
  :: steal(); take(one)
  :: over -> break
  od;
  stopped++
}

init {
  byte one = nothing, top, bottom;
  atomic { for (top : 1 .. THIEVES) { run thief() } top = 0 }
  do
  :: pushed < TASKS -> push()
  :: pop(); take(one)
  :: pushed == TASKS -> break
  od;
  do
  :: pop(); if :: one == nothing -> break :: else -> take(one) fi
  od;
  over = true;
  (stopped == THIEVES);
  for (top : 0 .. TASKS - 1) { assert(taken[top]) }
}
