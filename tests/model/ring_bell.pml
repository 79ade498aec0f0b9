/* The bell of ipc/ring_stream.hpp: a host that writes into a ring, and the two threads of a worker that read from it.
 * Names are the header's; a step here is one atomic operation there, or one system call. Bytes are messages, three and
 * three: a task that ends by itself, one that does not, and the request that it stop, which the thread that listens has
 * to hear while the one that runs tasks does not read.
 * Stores go through store_buffers.pml: what is seq_cst in the header waits until they are out. The lock is worker_line's,
 * under which both read and under which neither sleeps.
 * Property: every message is read, and by the right thread; nobody sleeps while there is something for him.
 * Bounds: a ring of CAPACITY messages, TURNS times three of them; 2 stores on their way.
 * Seeded: MISSING_FENCE, a writer that looks whether the reader waits before its bytes can be seen; NO_SECOND_LOOK, a
 * reader that says that it waits and sleeps; BELLS_OF_OTHERS, a reader that takes the bells of a thread that waits, too,
 * and says nothing; NO_LOOK_FOR_ROOM, a writer that says that it waits for room and sleeps. */
#define CORES 3
#define DEPTH 2
#define PLACES 4
#define written_ 0
#define read_ 1
#define reader_waits_ 2
#define writer_waits_ 3
#ifndef TURNS
#define TURNS 2
#endif
#ifndef CAPACITY
#define CAPACITY 1
#endif
#define me (_pid - 2)
#include "store_buffers.pml"

byte bells;      /* in the socket */
bool armed;      /* of the worker's end */
byte waiting;    /* threads of the worker that wait for the bell */
bool locked;     /* worker_line's mutex */
byte running;    /* the task that runs and asks for its stop token, 0: none */
byte stopped;    /* the last one that was */
byte answered;   /* the last one that was */
bool over;       /* nothing is left to read */

#define store_in_order(where, what) atomic { fenced -> memory[where] = what }

inline tell_reader() {
  load(seen, reader_waits_);
  if
  :: seen != 0 ->
     atomic { fenced -> seen = memory[reader_waits_]; memory[reader_waits_] = 0 };
     if :: seen != 0 -> bells++ :: else fi
  :: else
  fi
}

inline await_room() {
  store_in_order(writer_waits_, 1);
#ifndef NO_LOOK_FOR_ROOM
  load(seen, read_);
  if :: at - seen < CAPACITY -> goto room :: else fi;
#endif
  (memory[writer_waits_] == 0); /* the futex compares, and is woken by who has taken the word */
room: skip
}

proctype host() {
  byte at = 0, seen;
  do
  :: at < 3 * TURNS ->
     if /* one task at a time */
     :: at % 3 == 0 -> (at == 0 || answered == at - 1)
     :: at % 3 == 1 -> (answered == at)
     :: at % 3 == 2
     fi;
     load(seen, read_);
     if
     :: at - seen < CAPACITY ->
        at++;
#ifdef MISSING_FENCE
        store(written_, at);
#else
        store_in_order(written_, at);
#endif
        tell_reader()
     :: else -> await_room()
     fi
  :: else -> break
  od
}

inline arm_reading() {
  armed = true;
  store_in_order(reader_waits_, 1)
}

/* ring_stream::read(): gives the number of the message in `got`, 0 where there is none. The lock is held. */
inline read() {
  looked = false;
  got = 0;
  do
  :: load(seen, written_);
     if
     :: seen > memory[read_] ->
        got = memory[read_] + 1;
        store_in_order(read_, got);
        load(seen, writer_waits_);
        if :: seen != 0 -> store_in_order(writer_waits_, 0) :: else fi;
        break
     :: else ->
        if
        :: looked || !armed -> break
        :: else ->
           armed = false; /* take_bells() */
           bells = 0;
#ifndef BELLS_OF_OTHERS
           if :: waiting != 0 -> arm_reading() :: else fi;
#endif
           looked = true
        fi
     fi
  od
}

inline await_reading() {
  waiting++;
  arm_reading();
#ifdef NO_SECOND_LOOK
  (bells != 0);
#else
  load(seen, written_);
  if :: seen > memory[read_] :: else -> (bells != 0) fi;
#endif
  waiting--
}

inline lock() { atomic { !locked -> locked = true } }
inline unlock() { locked = false }

inline hear() {
  lock();
  got = 0;
  if :: running > stopped -> read() :: else fi;
  if
  :: got == 0
  :: else ->
     assert(got % 3 == 0); /* no task while another one runs: the host sends it when this one has been answered */
     stopped = got - 1
  fi;
  unlock()
}

/* The one that runs tasks. */
proctype runner() {
  byte seen, got, task;
  bool looked;
  do
  :: stopped < 3 * TURNS - 1 ->
     lock();
     read();
     unlock();
     if
     :: got == 0 -> await_reading()
     :: else ->
        assert(got % 3 != 0);
        task = got;
        running = task;
        hear(); /* listen_for() */
        if :: task % 3 == 2 -> (stopped == task) :: else fi; /* its body */
        running = 0;
        lock(); /* as every send */
        answered = task;
        unlock()
     fi
  :: else -> break
  od;
  over = true;
  bells++ /* the end of the process, for who may wait */
}

/* The one that listens. */
proctype listener() {
  byte seen, got;
  bool looked;
  do
  :: over -> break
  :: running > stopped ->
     await_reading();
     hear()
  od
}

init { atomic { run host(); run runner(); run listener() } }
