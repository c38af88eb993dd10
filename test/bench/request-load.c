/*
 * Asks a server for /healthz and /metrics in turn, so many times a second, over twenty connections: request-load PORT RATE. Prints how many
 * answers came, and what that took of processors, ms, each time it gets SIGUSR2. In the field a client runs elsewhere: this one leaves the
 * processors to the server, as it sends what was made before and looks only for where an answer ends.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { CONNECTIONS = 20, TICK_MS = 10, MOST_WAITING = 4, PIECE = 64 * 1024, LONGEST_HEAD = 4 * 1024 };

/* As Prometheus does, one that scrapes takes gzip; probes do not ask for it. */
static const char *const requests[] = {
    "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n",
    "GET /metrics HTTP/1.1\r\nAccept-Encoding: gzip\r\nHost: x\r\n\r\n",
};

struct connection {
  int socket;
  int waiting;
  /* Bytes of a body that are still to come. */
  size_t body;
  /* A head whose end has not come yet. */
  char head[LONGEST_HEAD + 1];
  size_t length;
};

static struct connection connections[CONNECTIONS];
static char piece[PIECE];
static unsigned long answers;

static void fail(const char *why) {
  printf("%s\n", why);
  fflush(stdout);
  exit(1);
}

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec * 1e3 + (double)time.tv_nsec / 1e6;
}

static double cpu_ms(void) {
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1e3 +
         (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e3;
}

/* A head is whole: learns how long the body is. */
static void begin_body(struct connection *connection) {
  connection->head[connection->length] = 0;
  const char *length = strcasestr(connection->head, "\r\ncontent-length:");
  if (strncmp(connection->head, "HTTP/1.1 200 ", 13) != 0 || length == NULL)
    fail("an answer is not 200 with a length");
  connection->body = strtoul(length + sizeof "\r\ncontent-length:" - 1, NULL, 10);
  connection->length = 0;
  connection->waiting -= 1;
  answers += 1;
}

static void take(struct connection *connection, const char *bytes, size_t count) {
  while (count > 0) {
    if (connection->body > 0) {
      size_t taken = count < connection->body ? count : connection->body;
      connection->body -= taken;
      bytes += taken;
      count -= taken;
      continue;
    }
    /* The end of the head may be cut in two by the pieces that arrive. */
    size_t before = connection->length;
    size_t room = LONGEST_HEAD - before;
    size_t more = count < room ? count : room;
    memcpy(connection->head + before, bytes, more);
    const char *from = connection->head + (before < 3 ? 0 : before - 3);
    const char *end = memmem(from, (size_t)(connection->head + before + more - from), "\r\n\r\n", 4);
    if (end == NULL) {
      if (more == room)
        fail("a head is too long");
      connection->length += more;
      return;
    }
    size_t used = (size_t)(end + 4 - connection->head) - before;
    connection->length = before + used;
    begin_body(connection);
    bytes += used;
    count -= used;
  }
}

static void receive(struct connection *connection) {
  ssize_t count = recv(connection->socket, piece, sizeof piece, 0);
  if (count > 0)
    take(connection, piece, (size_t)count);
  else if (count == 0)
    fail("a connection was closed");
  else if (errno != EAGAIN && errno != EINTR)
    fail("a connection broke");
}

static void ask(struct connection *connection, const char *request) {
  size_t length = strlen(request);
  /* A few requests of some ten bytes always fit. */
  if (send(connection->socket, request, length, MSG_NOSIGNAL) != (ssize_t)length)
    fail("a request was not taken");
  connection->waiting += 1;
}

static void open_all(int poll, int port) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
  inet_pton(AF_INET, "127.0.0.1", &address.sin_addr);
  for (int at = 0; at < CONNECTIONS; at++) {
    int one = 1;
    int socket_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (socket_ < 0 || connect(socket_, (struct sockaddr *)&address, sizeof address) != 0)
      fail("no connection");
    setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    connections[at].socket = socket_;
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = &connections[at]};
    epoll_ctl(poll, EPOLL_CTL_ADD, socket_, &event);
  }
}

int main(int count, char **values) {
  if (count != 3)
    fail("usage: request-load PORT RATE");
  double rate = atof(values[2]);
  int poll = epoll_create1(EPOLL_CLOEXEC);
  open_all(poll, atoi(values[1]));
  sigset_t asked;
  sigemptyset(&asked);
  sigaddset(&asked, SIGUSR2);
  sigprocmask(SIG_BLOCK, &asked, NULL);
  int signals = signalfd(-1, &asked, SFD_CLOEXEC);
  struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL};
  epoll_ctl(poll, EPOLL_CTL_ADD, signals, &event);
  printf("asking\n");
  fflush(stdout);
  double last = now();
  double due = 0;
  unsigned long turn = 0;
  for (;;) {
    double left = last + TICK_MS - now();
    struct epoll_event events[CONNECTIONS + 1];
    int ready = epoll_wait(poll, events, CONNECTIONS + 1, left > 0 ? (int)left + 1 : 0);
    for (int at = 0; at < ready; at++) {
      if (events[at].data.ptr != NULL) {
        receive(events[at].data.ptr);
        continue;
      }
      struct signalfd_siginfo signal;
      if (read(signals, &signal, sizeof signal) == sizeof signal) {
        printf("answers %lu %.3f\n", answers, cpu_ms());
        fflush(stdout);
      }
    }
    double time = now();
    if (time - last < TICK_MS)
      continue;
    /* What a late tick has missed is sent with the next one, but not what the server could not take. */
    due += (time - last) * rate / 1e3;
    due = due < rate ? due : rate;
    last = time;
    for (int tried = 0; due >= 1 && tried < CONNECTIONS * MOST_WAITING; tried++) {
      turn += 1;
      struct connection *connection = &connections[turn % CONNECTIONS];
      if (connection->waiting < MOST_WAITING) {
        due -= 1;
        ask(connection, requests[(turn + turn / CONNECTIONS) % 2]);
      }
    }
  }
}
