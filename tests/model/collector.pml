/* Who takes in the answers of worker processes: collect() of pool/process_crew.hpp with open_lines() and close_lines()
 * of pool/process_table.hpp, and look_at() of pool/process_line.hpp, which the monitor calls. The ring and its bell are
 * those of ring_bell.pml, an answer is a number; a step here is one atomic operation there, one system call, or what
 * happens under the lock. Names are the headers'. Left out: deaths, the queue, who settles what (nobody does it twice,
 * since it is taken under the lock).
 * Property: every answer is taken, though a client that waits may look as briefly as it likes and then sleeps.
 * Bounds: 2 clients, each with a worker of its own, CALLS calls of one and one less of the other.
 * Seeded: LEAVES_WITHOUT_ARMING, a collector that goes without saying that the monitor waits again; ARMS_AND_GOES, one
 * that does not look at what came meanwhile; MONITOR_DOES_NOT_ARM, a monitor that takes the bells and sleeps. */
#define CLIENTS 2
#ifndef CALLS
#define CALLS 2
#endif

byte asked[CLIENTS], answered[CLIENTS], taken[CLIENTS]; /* calls; the second is the ring's `written` */
bool reader_waits[CLIENTS], armed_[CLIENTS], has_more[CLIENTS];
byte bells[CLIENTS]; /* in the socket of a worker */
bool bell;           /* the monitor's own */
bool locked, collecting;

inline lock() { atomic { !locked -> locked = true } }
inline unlock() { locked = false }

/* The lock is held. Gives in `quiet` whether nothing is there. */
inline arm(which) {
  d_step { armed_[which] = true; reader_waits[which] = true }; /* the first is the host's own */
  quiet = (answered[which] == taken[which])
}
/* The same: read_line(). */
inline read_line(which) {
  taken[which] = answered[which];
  if /* take_bells(), for it looks until it finds nothing */
  :: armed_[which] -> d_step { armed_[which] = false; bells[which] = 0 }; taken[which] = answered[which]
  :: else
  fi
}

proctype worker(byte which) {
  bool waits;
end: do
  :: asked[which] != answered[which] ->
     answered[which]++;
     if
     :: reader_waits[which] ->
        d_step { waits = reader_waits[which]; reader_waits[which] = false };
        if :: waits -> bells[which]++ :: else fi
     :: else
     fi
  od
}

proctype client(byte which) {
  byte calls = 0, n;
  bool quiet;
  do
  :: calls < CALLS - which ->
     calls++;
     asked[which] = calls;
     if
     :: atomic { !collecting -> collecting = true };
        atomic { !locked -> for (n : 0 .. CLIENTS - 1) { reader_waits[n] = false } n = 0 } /* disarm() */
        do
        :: taken[which] == calls -> break
        :: else ->
           if
           :: break /* it has looked long enough */
           :: d_step { answered[0] != taken[0] || answered[CLIENTS - 1] != taken[CLIENTS - 1] };
              lock();
              for (n : 0 .. CLIENTS - 1) { read_line(n) } /* take_in() */
              unlock()
           fi
        od;
        lock();
#ifndef LEAVES_WITHOUT_ARMING
        for (n : 0 .. CLIENTS - 1) { /* close_lines() */
          arm(n);
#ifndef ARMS_AND_GOES
          if :: quiet :: else -> has_more[n] = true; bell = true fi
#endif
        }
#endif
        unlock();
        collecting = false
     :: collecting
     fi;
     (taken[which] == calls) /* sleep_until(): who settles it wakes it */
  :: else -> break
  od
}

/* Looks at those whose bell has rung, and at those that have more. */
proctype monitor() {
  byte n;
  bool quiet, news;
end: do
  :: d_step { bell || bells[0] != 0 || bells[CLIENTS - 1] != 0 };
     for (n : 0 .. CLIENTS - 1) {
       atomic { !locked -> locked = true; news = bells[n] != 0 || has_more[n]; has_more[n] = false };
       if
       :: news -> /* look_at() */
          read_line(n);
#ifndef MONITOR_DOES_NOT_ARM
          arm(n);
          if :: quiet :: else -> has_more[n] = true; bell = true fi
#endif
       :: else
       fi;
       unlock()
     }
     atomic { !locked -> bell = has_more[0] || has_more[CLIENTS - 1] }
  od
}

init {
  byte n;
  atomic {
    for (n : 0 .. CLIENTS - 1) { armed_[n] = true; reader_waits[n] = true; run worker(n); run client(n) }
    run monitor()
  }
}
