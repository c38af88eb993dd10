/* Work on a thread of libuv, and the promise for its result. */
#ifndef THREAD_WORK_H
#define THREAD_WORK_H

#include "module.h"

extern void *malloc(size_t size);
extern void free(void *memory);

enum { MOST_HELD = 4 };

/* The beginning of a job, which malloc gave and which is freed when the promise is settled. */
struct thread_work {
  /* Called with the job on a thread of libuv, */
  void (*run)(void *job);
  /* and then on that of JavaScript: what the promise resolves with. `status` is not napi_ok where the work was not run. */
  napi_value (*result)(napi_env env, napi_status status, const void *job);
  napi_async_work work;
  napi_deferred deferred;
  /* So that what the work needs lives. */
  napi_ref held[MOST_HELD];
  size_t held_count;
};

static inline void thread_work_execute(napi_env env, void *job) {
  (void)env;
  ((struct thread_work *)job)->run(job);
}

static inline void thread_work_complete(napi_env env, napi_status status, void *job) {
  struct thread_work *work = job;
  napi_resolve_deferred(env, work->deferred, work->result(env, status, job));
  for (size_t at = 0; at < work->held_count; at++) {
    napi_delete_reference(env, work->held[at]);
  }
  napi_delete_async_work(env, work->work);
  free(job);
}

/*
 * Begins a job: its promise, or NULL after an error was thrown. `held` are values that must live until its end, MOST_HELD at the most.
 */
static inline napi_value begin_thread_work(napi_env env, void *job, const char *name, const napi_value *held,
                                           size_t count) {
  struct thread_work *work = job;
  napi_value label;
  napi_value promise = NULL;
  int begun = napi_create_string_utf8(env, name, NAPI_AUTO_LENGTH, &label) == napi_ok;
  for (size_t at = 0; at < count && begun; at++) {
    begun = napi_create_reference(env, held[at], 1, &work->held[at]) == napi_ok;
  }
  work->held_count = count;
  if (!begun || napi_create_promise(env, &work->deferred, &promise) != napi_ok ||
      napi_create_async_work(env, NULL, label, thread_work_execute, thread_work_complete, job, &work->work) != napi_ok ||
      napi_queue_async_work(env, work->work) != napi_ok) {
    /* Only without memory, or while the program ends. */
    napi_throw_error(env, NULL, "no thread can be given work");
    return NULL;
  }
  return promise;
}

#endif
