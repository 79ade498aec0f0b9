/* Tasks that a worker process is sent ahead of its answers, and that are taken back: worker/call_mark.hpp, with
 * sent_tasks.hpp, and what process_table, process_line and worker_host make of them. Names are the headers'; a step here
 * is one atomic operation there, or one frame that is read or written. The worker may be killed at any moment; what is
 * taken back is run by another one, or sent to the same one again.
 * Left out: requests that are sent in no turn, which nobody takes back.
 * Stores go through store_buffers.pml: what is seq_cst in the headers, and a frame, waits until they are out.
 * Property: no task runs twice; every task ends; a death loses one task at most, and only one that had been taken up.
 * Bounds: TASKS tasks, TURNS times taken back; 2 stores on their way.
 * Seeded: MISSING_FENCE, a worker that looks at the turn before the host can see that it begins; LOOKS_FIRST, a host
 * that looks what has begun before the worker can see that the turn is over; FLAG_FOR_A_TURN, a word that says whether
 * something was taken back, until more is sent; NO_PLACES, a host that forgets at once what it has taken back. */
#define CORES 2
#define DEPTH 2
#define PLACES 2
#define turn_ 0
#define begun_ 1
#ifndef TASKS
#define TASKS 3
#endif
#ifndef TURNS
#define TURNS 2
#endif
#define MOST (TASKS + 2) /* requests that have not been answered */
#define me (_pid - 2)
#include "store_buffers.pml"

typedef request { byte task, turn };
chan requests = [MOST] of { byte, byte };
chan answers = [MOST] of { byte, bool }; /* the task, and whether it was returned */
byte runs[TASKS];
byte taken_up = TASKS; /* by the worker, last */
bool mortal, dead;     /* the worker, at some moment, or never */

#define store_in_order(where, what) atomic { fenced -> memory[where] = what }

inline run_once(task) { runs[task]++; assert(runs[task] == 1) }

proctype worker() {
  byte task, turn, now, ever;
  {
end: do
    :: requests ? task, turn ->
       atomic { ever++; taken_up = task };
#ifdef MISSING_FENCE
       store(begun_, ever);
#else
       store_in_order(begun_, ever);
#endif
       load(now, turn_);
       if
       :: now == turn -> run_once(task); atomic { fenced -> answers ! task, false }
       :: else -> atomic { fenced -> answers ! task, true }
       fi
    :: mortal -> dead = true
    od
  } unless { dead }
}

/* sent_tasks, and what waits for a worker */
byte sent_task[MOST], sent_turn[MOST];
bool wanted[MOST];
byte sent, counted, turn;
bool waits[TASKS], over[TASKS];
byte lost;

inline forget(at) {
  for (i : at .. MOST - 2) {
    sent_task[i] = sent_task[i + 1]; sent_turn[i] = sent_turn[i + 1]; wanted[i] = wanted[i + 1]
  }
  sent_task[MOST - 1] = 0; sent_turn[MOST - 1] = 0; wanted[MOST - 1] = false;
  i = 0;
  sent--
}
inline find_current() {
  current = 0;
  do :: current < sent && !wanted[current] -> current++ :: else -> break od
}
inline send(task) {
#ifdef FLAG_FOR_A_TURN
  if :: memory[turn_] != 0 -> store_in_order(turn_, 0) :: else fi;
#endif
  atomic {
    fenced ->
    waits[task] = false;
    sent_task[sent] = task; sent_turn[sent] = turn; wanted[sent] = true;
    sent++;
#ifdef FLAG_FOR_A_TURN
    requests ! task, 0
#else
    requests ! task, turn
#endif
  }
}
/* call_mark::begin_turn(): gives how many calls have begun since the current task, that one included. */
inline begin_turn() {
  turn++;
#ifdef LOOKS_FIRST
  store(turn_, turn);
#elif defined(FLAG_FOR_A_TURN)
  store_in_order(turn_, 1);
#else
  store_in_order(turn_, turn);
#endif
  load(begun, begun_);
  begun = begun - counted - current
}
inline take_back_ahead() {
  find_current();
  begin_turn();
  d_step {
    at = current + (begun > 1 -> begun : 1);
    do
    :: at < sent ->
       if :: wanted[at] -> wanted[at] = false; waits[sent_task[at]] = true :: else fi;
#ifdef NO_PLACES
       forget(at)
#else
       at++
#endif
    :: else -> break
    od;
    at = 0
  }
}
inline hear() {
  d_step {
    counted++;
    if
#ifdef NO_PLACES
    :: sent == 0 || sent_task[0] != task
#endif
    :: else ->
       assert(sent != 0 && sent_task[0] == task);
       if
       :: returned && wanted[0] -> waits[task] = true
       :: returned -> skip
       :: else -> assert(wanted[0]); over[task] = true
       fi;
       forget(0)
    fi
  }
}

#define ahead (sent > 1)

proctype host() {
  byte task, at, current, begun, i, next;
  bool returned;
  do
  :: answers ? task, returned -> hear()
  :: !dead && sent < MOST - 1 ->
     next = 0;
     do :: next < TASKS && !waits[next] -> next++ :: else -> break od;
     if
     :: next < TASKS -> send(next)
     :: next < TASKS -> d_step { waits[next] = false; run_once(next); over[next] = true } /* elsewhere */
     :: next == TASKS -> break
     fi
  :: !dead && ahead && turn < TURNS -> take_back_ahead()
  :: dead -> break
  od;
  /* No more to be sent for now: it dies, or says something. */
  do
  :: sent == 0 -> break
  :: answers ? task, returned ->
     hear();
     next = 0;
     do
     :: next < TASKS ->
        if :: waits[next] -> d_step { waits[next] = false; run_once(next); over[next] = true } :: else fi;
        next++
     :: else -> break
     od
  :: !dead && ahead && turn < TURNS -> take_back_ahead()
  :: dead && empty(answers) && cores[1].stores == 0 -> break
  od;
  /* process_endings::died() and judge() */
  if
  :: sent != 0 ->
     take_back_ahead();
     find_current();
     if
     :: current < sent ->
        at = sent_task[current];
        begun = memory[begun_] - counted - current;
        if
        :: begun == 0 -> waits[at] = true
        :: else -> lost++; over[at] = true; assert(taken_up == at)
        fi;
        wanted[current] = false;
        find_current();
        assert(current >= sent) /* nothing else has begun */
     :: else
     fi
  :: else
  fi;
  for (next : 0 .. TASKS - 1) {
    if :: waits[next] -> d_step { waits[next] = false; run_once(next); over[next] = true } :: else fi
  }
  assert(lost <= 1);
  for (next : 0 .. TASKS - 1) { assert(over[next]) }
}

init {
  atomic {
    byte each;
    if :: mortal = true :: skip fi;
    for (each : 0 .. TASKS - 1) { waits[each] = true }
    run host();
    run worker()
  }
}
