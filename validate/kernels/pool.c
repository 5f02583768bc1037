/* The thread pool: threads start when first needed, spin briefly for the next piece of work, and then park on a
 * condition.
 *
 * Not OpenMP, because each OpenMP runtime in a process (torch's, MKL's, scipy's) keeps threads that spin for the
 * next loop and starve each other. A layer takes from ten microseconds to some milliseconds and the next follows at
 * once, so a spin of some microseconds spares most calls the wake-up of a parked thread, and costs an idle process
 * nothing.
 */
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "pool.h"
#include "spmm.h"

#if defined(__x86_64__) || defined(__i386__)
#define RELAX() __builtin_ia32_pause()
#else
#define RELAX() ((void)0)
#endif
#define SPINS 400

struct worker {
    int index;
    unsigned seen; /* the last turn that it has taken */
};

struct pool {
    pthread_mutex_t busy; /* held by the caller whose work is being done */
    pthread_mutex_t lock; /* guards what follows */
    pthread_cond_t arrived, finished;
    atomic_uint turn; /* goes up with every piece of work */
    atomic_int left;  /* threads that have not finished it */
    int started;      /* threads that exist */
    int threads;      /* that take part, the caller's among them */
    void (*work)(void *, int, int);
    void *context;
    struct worker workers[MOST_THREADS];
};

static struct pool pool = {.busy = PTHREAD_MUTEX_INITIALIZER,
                           .lock = PTHREAD_MUTEX_INITIALIZER,
                           .arrived = PTHREAD_COND_INITIALIZER,
                           .finished = PTHREAD_COND_INITIALIZER};

/* Memory that a thread keeps between calls. */
struct memories {
    void *memory[SCRATCHES];
    size_t bytes[SCRATCHES];
};

static pthread_key_t scratch_key;

static void free_scratch(void *argument)
{
    struct memories *kept = argument;
    for (int i = 0; i < SCRATCHES; i++)
        free(kept->memory[i]);
    free(kept);
}

static void prepare_scratch(void)
{
    pthread_key_create(&scratch_key, free_scratch);
}

/* A forked child has the pool's memory and none of its threads. */
static void forget_threads(void)
{
    pool.busy = (pthread_mutex_t)PTHREAD_MUTEX_INITIALIZER;
    pool.lock = (pthread_mutex_t)PTHREAD_MUTEX_INITIALIZER;
    pool.arrived = (pthread_cond_t)PTHREAD_COND_INITIALIZER;
    pool.finished = (pthread_cond_t)PTHREAD_COND_INITIALIZER;
    pool.started = 0;
    atomic_store(&pool.left, 0);
}

static void prepare(void)
{
    pthread_atfork(NULL, NULL, forget_threads);
}

static void wait_for_turn(unsigned seen)
{
    for (int i = 0; i < SPINS; i++) {
        if (atomic_load_explicit(&pool.turn, memory_order_acquire) != seen)
            return;
        RELAX();
    }
    pthread_mutex_lock(&pool.lock);
    while (atomic_load_explicit(&pool.turn, memory_order_acquire) == seen)
        pthread_cond_wait(&pool.arrived, &pool.lock);
    pthread_mutex_unlock(&pool.lock);
}

static void wait_for_others(void)
{
    for (int i = 0; i < SPINS; i++) {
        if (atomic_load_explicit(&pool.left, memory_order_acquire) == 0)
            return;
        RELAX();
    }
    pthread_mutex_lock(&pool.lock);
    while (atomic_load_explicit(&pool.left, memory_order_acquire) != 0)
        pthread_cond_wait(&pool.finished, &pool.lock);
    pthread_mutex_unlock(&pool.lock);
}

/* Every thread that exists sees every turn, so that none reads the work while the next is being written. */
static void *serve(void *argument)
{
    struct worker *self = argument;
    for (;;) {
        wait_for_turn(self->seen);
        self->seen++;
        if (self->index < pool.threads - 1)
            pool.work(pool.context, self->index, pool.threads);
        if (atomic_fetch_sub_explicit(&pool.left, 1, memory_order_acq_rel) == 1) {
            pthread_mutex_lock(&pool.lock);
            pthread_cond_signal(&pool.finished);
            pthread_mutex_unlock(&pool.lock);
        }
    }
    return NULL;
}

/* Starts threads until `wanted` exist or the system refuses one. Signals are for the threads of the program. */
static void start(int wanted)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    while (pool.started < wanted) {
        struct worker *worker = &pool.workers[pool.started];
        *worker = (struct worker){.index = pool.started, .seen = atomic_load(&pool.turn)};
        pthread_t thread;
        if (pthread_create(&thread, NULL, serve, worker) != 0)
            break;
        pthread_detach(thread);
        pool.started++;
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

void secateur_in_parallel(int threads, void (*work)(void *, int, int), void *context)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, prepare);
    if (threads > MOST_THREADS)
        threads = MOST_THREADS;
    if (threads <= 1 || pthread_mutex_trylock(&pool.busy) != 0) {
        work(context, 0, 1);
        return;
    }
    start(threads - 1);
    pool.threads = pool.started < threads - 1 ? pool.started + 1 : threads;
    pool.work = work;
    pool.context = context;
    atomic_store(&pool.left, pool.started);
    pthread_mutex_lock(&pool.lock);
    atomic_fetch_add_explicit(&pool.turn, 1, memory_order_release);
    pthread_cond_broadcast(&pool.arrived);
    pthread_mutex_unlock(&pool.lock);
    work(context, pool.threads - 1, pool.threads);
    wait_for_others();
    pthread_mutex_unlock(&pool.busy);
}

void *secateur_scratch(enum scratch which, size_t bytes)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, prepare_scratch);
    struct memories *kept = pthread_getspecific(scratch_key);
    if (kept == NULL) {
        kept = calloc(1, sizeof *kept);
        if (kept == NULL || pthread_setspecific(scratch_key, kept) != 0) {
            free(kept);
            return NULL;
        }
    }
    if (kept->bytes[which] < bytes) {
        const size_t rounded = (bytes + CACHE_LINE - 1) / CACHE_LINE * CACHE_LINE;
        free(kept->memory[which]);
        kept->memory[which] = aligned_alloc(CACHE_LINE, rounded);
        kept->bytes[which] = kept->memory[which] == NULL ? 0 : rounded;
    }
    return kept->memory[which];
}
