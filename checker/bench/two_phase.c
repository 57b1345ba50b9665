/* two_phase.c: hand-written breadth-first search of Lamport's TwoPhase.tla, the yardstick of `ffq bench`.
 *
 *   cc -O3 -march=native -pthread two_phase.c -o two_phase
 *   ./two_phase RMS THREADS            RMS 1..12, THREADS 1 or 2
 *
 * It does the whole work of a checker and no more: every reachable state is stored in full (no hash
 * compaction, no symmetry), the invariant TCConsistent is checked on every new state, the states are kept
 * in order of discovery so that a shortest trace to a violation can be rebuilt, and the table starts at
 * 2^20 slots and grows inside the measured time.  Only Lamport's own variables are exploited, no fact
 * about reachable states (such as "Commit is in msgs iff tmState = committed").
 *
 * states     distinct states, the initial one among them
 * generated  successors, one per enabled action instance, with those that are duplicates or leave the state
 *            as it is (TLC also counts the initial state: its figure is one more)
 * depth      levels of the search, the initial state being level 1 (as TLC)
 * bytes_per_state  table and discovery order at the end, which is also their peak: growth is in place
 * Exit status 0, or 1 with a shortest trace on stderr if TCConsistent fails. */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

typedef unsigned long long u64;
typedef u64 v4 __attribute__((vector_size(32)));
#define BIT(b) (1ull << (b))

/* ---- The state: one bit plane of W bits per field, so that a mask tells for which RMs an action is enabled.
 * rmState of RM r is (HI bit r, LO bit r): working 00, prepared 01, committed 10, aborted 11. */
enum { W = 12, LO = 0, HI = W, TM_PREPARED = 2 * W, MSG_PREPARED = 3 * W,
       TM_COMMITTED = 4 * W, TM_ABORTED, MSG_COMMIT, MSG_ABORT };   /* tmState init: neither TM bit */
#define INITIAL BIT(63)         /* set in every state, so that 0 can mean an empty slot */

/* Action instances, numbered action * W + rm, so that all that are enabled in a state fit in one mask. */
enum { TM_RCV_PREPARED, RM_PREPARE, RM_CHOOSE_TO_ABORT, RM_RCV_COMMIT, RM_RCV_ABORT,
       TM_COMMIT = 5 * W, TM_ABORT, ACTIONS };
static struct { u64 keep, set; } effect[ACTIONS];    /* successor = (state & keep) | set */

enum { CHUNK = 256,             /* states expanded before their successors are looked up */
       AHEAD = 64,              /* successors between the prefetch of a bucket and its use */
       RECENT_BITS = 13,        /* recent successors remembered per thread: 64 KiB, inside L2 */
       SLOTS = 8,               /* slots in a bucket: one cache line */
       START_BUCKETS = 1 << 17, /* 2^20 slots */
       MAX_LEVELS = 8 * W };
#define RESERVE (1ull << 36)    /* address space (not memory) set aside for each array */

static int rms, threads;
static u64 all;                                     /* mask of the RMs */
static u64 *table, buckets, grow_at;                /* open addressing by buckets of one cache line */
static unsigned shift;
static u64 *order;                                  /* states as they were discovered */
static u64 level_start[MAX_LEVELS + 1];
static int depth;
static _Alignas(64) _Atomic u64 states;             /* length of order */
static _Alignas(64) _Atomic u64 cursor;             /* next state to expand */
static _Alignas(64) u64 level_end;
static u64 grow_from;                               /* old number of buckets, 0 if the table need not grow */
static bool done;
static _Atomic u64 generated, violation;
static pthread_barrier_t barrier;

static void define_actions(void) {
    for (int i = 0; i < ACTIONS; i++) effect[i].keep = ~0ull;
    for (int r = 0; r < rms; r++) {
        effect[TM_RCV_PREPARED * W + r].set = BIT(TM_PREPARED + r);
        effect[RM_PREPARE * W + r].set = BIT(LO + r) | BIT(MSG_PREPARED + r);
        effect[RM_CHOOSE_TO_ABORT * W + r].set = BIT(LO + r) | BIT(HI + r);
        effect[RM_RCV_COMMIT * W + r].set = BIT(HI + r);
        effect[RM_RCV_COMMIT * W + r].keep = ~BIT(LO + r);
        effect[RM_RCV_ABORT * W + r].set = BIT(LO + r) | BIT(HI + r);
    }
    effect[TM_COMMIT].set = BIT(TM_COMMITTED) | BIT(MSG_COMMIT);
    effect[TM_ABORT].set = BIT(TM_ABORTED) | BIT(MSG_ABORT);
}

/* The enabled action instances of s that change it; those that do not are only counted, in *idle:
 * looking up s itself would find it. */
static inline u64 enabled(u64 s, int *idle) {
    u64 lo = s >> LO & all, hi = s >> HI & all, prepared = s >> TM_PREPARED & all, msg = s >> MSG_PREPARED & all;
    u64 working = all & ~(lo | hi), committed = hi & ~lo, aborted = hi & lo;
    u64 init = -(u64)!(s & (BIT(TM_COMMITTED) | BIT(TM_ABORTED)));         /* all ones or 0: no branches */
    u64 commit = -(s >> MSG_COMMIT & 1), abort = -(s >> MSG_ABORT & 1);
    *idle = __builtin_popcountll(init & msg & prepared) + __builtin_popcountll((commit & committed) |
            (abort & aborted) << W);
    return (init & msg & ~prepared) << TM_RCV_PREPARED * W
         | working << RM_PREPARE * W
         | working << RM_CHOOSE_TO_ABORT * W
         | (commit & all & ~committed) << RM_RCV_COMMIT * W
         | (abort & all & ~aborted) << RM_RCV_ABORT * W
         | (init & (prepared == all)) << TM_COMMIT
         | (init & 1) << TM_ABORT;
}

static inline u64 apply(u64 s, int action) { return (s & effect[action].keep) | effect[action].set; }

static inline bool consistent(u64 s) {      /* TCConsistent: none aborted while another committed */
    u64 lo = s >> LO & all, hi = s >> HI & all;
    return !(lo & hi) || !(hi & ~lo);
}

/* ---- The table.  The top bits of a Fibonacci hash number the bucket; more mixing was no better spread on
 * these states (1.01 buckets visited per lookup at half load, as with murmur's finalizer) and slower. */
static inline u64 hash(u64 s) { return s * 0x9E3779B97F4A7C15ull; }
static inline u64 *bucket_of(u64 s) { return table + (hash(s) >> shift) * SLOTS; }
static inline u64 *next_bucket(u64 *p) { return p + SLOTS == table + buckets * SLOTS ? table : p + SLOTS; }

#ifdef __AVX__
#include <immintrin.h>
#define SIGNS(x) ((unsigned)_mm256_movemask_pd((__m256d)(x)))
#else
#define SIGNS(x) ((unsigned)((x)[0] >> 63 | (x)[1] >> 63 << 1 | (x)[2] >> 63 << 2 | (x)[3] >> 63 << 3))
#endif

/* Add s, tell whether it was new.  Slots of a bucket fill from the left and never empty, so with two threads
 * it is enough to claim the first empty slot by compare-and-swap.  The bucket is compared at once, without a
 * branch per slot, and read exactly once (volatile).  Every slot left of the first one seen empty was seen to
 * hold another state, all others are checked by the compare-and-swap itself: so it does not matter if the
 * other thread fills slots meanwhile.  (Counting the full slots, or a second read, would store s twice.) */
static inline bool insert(u64 s, bool shared) {
    const v4 key = {s, s, s, s};
    for (u64 *p = bucket_of(s);; p = next_bucket(p)) {
        v4 x = *(volatile v4 *)p, y = *(volatile v4 *)(p + 4);
        if (SIGNS((v4)(x == key) | (v4)(y == key))) return false;
        for (int i = __builtin_ctz(~(SIGNS(x) | SIGNS(y) << 4)); i < SLOTS; i++) {  /* bit 63: slot is full */
            if (!shared) { p[i] = s; return true; }
            u64 seen = 0;
            if (atomic_compare_exchange_strong_explicit((_Atomic u64 *)&p[i], &seen, s, memory_order_relaxed,
                                                        memory_order_relaxed)) return true;
            if (seen == s) return false;
        }
    }
}

static void set_buckets(u64 n) { buckets = n; shift = 64 - __builtin_ctzll(n); grow_at = n * SLOTS / 2; }

/* Growth doubles the table in place, in the address space behind it: no second table is touched, which
 * matters as the first touch of memory costs more than the moving.  As the top bits of the hash number the
 * bucket, states of bucket b go to 2b and 2b+1, so the old table is read, and the new one written, in order. */
static void move_buckets(u64 from, u64 to) {
    for (u64 b = from; b < to; b++) {
        u64 old[SLOTS];
        memcpy(old, table + b * SLOTS, sizeof old);
        memset(table + b * SLOTS, 0, sizeof old);
        for (int i = 0; i < SLOTS && old[i]; i++) insert(old[i], false);
    }
}

/* The first bucket at or after b whose predecessor is not full: no state before it overflowed past it, nor
 * will any in the doubled table, so what is on its two sides can be moved by two threads without locks. */
static u64 cut(u64 b) { while (table[b * SLOTS - 1]) b++; return b; }

/* From the top down, each time the upper half of what is left, whose new places are all above it. */
static void grow(int me) {
    u64 left = grow_from;
    while (left > 4096) {
        u64 from = cut((left + 1) / 2), middle = threads == 1 ? left : cut((from + left) / 2);
        pthread_barrier_wait(&barrier);                                    /* cuts are read before moves */
        if (me == 0) move_buckets(from, middle); else move_buckets(middle, left);
        pthread_barrier_wait(&barrier);
        left = from;
    }
    if (me == 0) {          /* near bucket 0 old and new places mingle, and overflow wraps around: copy out */
        size_t bytes = left * SLOTS * sizeof(u64);
        u64 *rest = malloc(bytes);
        if (!rest) abort();
        memcpy(rest, table, bytes);
        memset(table, 0, bytes);
        for (u64 i = 0; i < left * SLOTS; i++) if (rest[i]) insert(rest[i], false);
        free(rest);
    }
    pthread_barrier_wait(&barrier);
}

/* ---- The search, level by level.  `shared` is a constant, so that one thread pays no atomic operation per state. */
static inline __attribute__((always_inline)) void search(int me, const bool shared) {
    static _Thread_local u64 next[CHUNK * ACTIONS + AHEAD], fresh[CHUNK * ACTIONS], recent[1 << RECENT_BITS];
    u64 count = 0;
    do {
        while (atomic_load_explicit(&states, memory_order_relaxed) < grow_at) {
            u64 from = atomic_fetch_add_explicit(&cursor, CHUNK, memory_order_relaxed);
            if (from >= level_end) break;
            u64 to = from + CHUNK < level_end ? from + CHUNK : level_end;

            /* Expand.  Two thirds of all successors were produced a short while before (neighbours in the
             * search have common successors): drop those (compared in full) before they cost a lookup.
             * Written without a branch, as whether they are dropped cannot be predicted. */
            u64 *end = next;
            for (u64 i = from; i < to; i++) {
                u64 s = order[i];
                int idle;
                u64 e = enabled(s, &idle);
                count += idle + __builtin_popcountll(e);
                for (; e; e &= e - 1) {
                    u64 t = apply(s, __builtin_ctzll(e)), *r = recent + (hash(t) >> (64 - RECENT_BITS));
                    *end = t;
                    end += *r != t;
                    *r = t;
                }
            }

            /* Look up, with the buckets of the next AHEAD successors on their way from memory.  (Past the end
             * these are stale or 0: a prefetch of any bucket does no harm.) */
            u64 at = atomic_load_explicit(&states, memory_order_relaxed), n = 0;
            u64 *new = shared ? fresh : order + at;
            for (int i = 0; i < AHEAD; i++) __builtin_prefetch(bucket_of(next[i]));
            for (u64 *p = next; p < end; p++) {
                __builtin_prefetch(bucket_of(p[AHEAD]));
                if (!insert(*p, shared)) continue;
                new[n++] = *p;
                if (!consistent(*p)) violation = *p;
            }
            at = atomic_fetch_add_explicit(&states, n, memory_order_relaxed);
            if (shared) memcpy(order + at, fresh, n * sizeof(u64));
        }
        pthread_barrier_wait(&barrier);             /* the level is done, or the table is to grow, or both */
        if (me == 0) {
            grow_from = states >= grow_at ? buckets : 0;
            if (grow_from) set_buckets(2 * buckets);
            if (cursor >= level_end) {
                depth++;
                cursor = level_start[depth] = level_end;
                done = level_end == states || violation;
                level_end = states;
            }
        }
        pthread_barrier_wait(&barrier);
        if (grow_from) grow(me);
    } while (!done);
    generated += count;
}

static void *second_thread(void *unused) { search(1, true); return unused; }

/* A shortest way to state s, which was found from the last level: a parent is any state one level up. */
static void print_trace(u64 s, int level) {
    for (u64 i = level > 0 ? level_start[level - 1] : 0; level > 0 && i < level_start[level]; i++) {
        int idle;
        for (u64 e = enabled(order[i], &idle); e; e &= e - 1)
            if (apply(order[i], __builtin_ctzll(e)) == s) { print_trace(order[i], level - 1); goto found; }
    }
found:
    fprintf(stderr, "%2d  tmState=%c tmPrepared=%llx msgs=%llx%s%s rmState=", level + 1, s & BIT(TM_COMMITTED) ? 'c' :
            s & BIT(TM_ABORTED) ? 'a' : 'i', s >> TM_PREPARED & all, s >> MSG_PREPARED & all,
            s & BIT(MSG_COMMIT) ? "+Commit" : "", s & BIT(MSG_ABORT) ? "+Abort" : "");
    for (int r = 0; r < rms; r++) fputc("wpca"[(s >> (HI + r) & 1) * 2 + (s >> (LO + r) & 1)], stderr);
    fputc('\n', stderr);
}

static u64 *reserve(void) {
    void *p = mmap(NULL, RESERVE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (p == MAP_FAILED) { perror("mmap"); exit(2); }
    madvise(p, RESERVE, MADV_HUGEPAGE);             /* random access: with 4 KiB pages the TLB is the limit */
    return p;
}

static double now(void) {
    struct timespec t;
    return clock_gettime(CLOCK_MONOTONIC, &t), t.tv_sec + t.tv_nsec * 1e-9;
}

int main(int argc, char **argv) {
    rms = argc == 3 ? atoi(argv[1]) : 0;
    threads = argc == 3 ? atoi(argv[2]) : 0;
    if (rms < 1 || rms > W || threads < 1 || threads > 2)
        return fprintf(stderr, "usage: two_phase RMS(1..%d) THREADS(1..2)\n", W), 2;
    all = BIT(rms) - 1;
    define_actions();
    pthread_barrier_init(&barrier, NULL, threads);

    double start = now();
    table = reserve(), order = reserve();
    set_buckets(START_BUCKETS);
    insert(order[0] = INITIAL, false);
    states = level_end = 1;
    if (threads == 2) {
        pthread_t other;
        if (pthread_create(&other, NULL, second_thread, NULL)) { perror("pthread_create"); return 2; }
        search(0, true);
        pthread_join(other, NULL);
    } else search(0, false);
    double seconds = now() - start;

    u64 n = states;
    printf("{\"rms\":%d,\"threads\":%d,\"states\":%llu,\"generated\":%llu,\"depth\":%d,\"seconds\":%.6f,"
           "\"states_per_second\":%.0f,\"bytes_per_state\":%.1f}\n", rms, threads, n, (u64)generated,
           depth, seconds, n / seconds, (double)(buckets * SLOTS + n) * sizeof(u64) / n);
    if (violation) print_trace(violation, depth);
    return violation ? 1 : 0;
}
